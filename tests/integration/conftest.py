# SPDX-License-Identifier: Apache-2.0
"""One lab for all tests; a lab that the user has up is not touched."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Iterator, Optional

import pytest

_HOME = Path(tempfile.mkdtemp(prefix="netem-lab-test-"))
# netem_lab.session.state reads this when it is imported, here and in each netem-lab that we run.
os.environ["NETEM_LAB_FOLDER"] = str(_HOME / "lab")

from netem_lab.node.backend import BACKENDS, DEFAULT_BACKEND  # noqa: E402
from netem_lab.session import state, up_down  # noqa: E402
from tests.integration.port import Port, node  # noqa: E402
from tests.integration.traces import shared_with_others, traces  # noqa: E402
from tests.support.waiting import wait_until  # noqa: E402


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--backend", default=DEFAULT_BACKEND, help="the backend of the lab")
    parser.addoption("--chassis", type=int, default=1, help="the number of the lab's chassis")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> Optional[bool]:
    """The folder that is called by a backend has tests of that one, `two_chassis` of two."""
    others = set(BACKENDS) - {config.getoption("--backend")}
    if config.getoption("--chassis") == 1:
        others.add("two_chassis")
    return True if collection_path.name in others else None


@pytest.fixture(scope="session", autouse=True)
def _home() -> Iterator[None]:
    yield
    shutil.rmtree(_HOME)


@pytest.fixture(scope="session")
def lab(_home: None, pytestconfig: pytest.Config) -> Iterator[state.Lab]:
    """A lab that is up; when it is down, nothing of it may be left."""
    before = shared_with_others()
    backend, chassis = (pytestconfig.getoption(name) for name in ("--backend", "--chassis"))
    lab = up_down.up(api_port=0, backend=backend, chassis=chassis)
    yield lab
    up_down.down()
    assert traces(str(state.FOLDER)) == []
    assert shared_with_others() == before


@pytest.fixture(scope="module")
def port(lab: state.Lab) -> Iterator[Port]:
    found = Port(lab)
    found.impair()
    wait_until(found.is_whole)
    yield found
    # Open vSwitch imposes what a test has set by hand as soon as the link is gone.
    node("ovs-vsctl", "set", "Interface", found.tap, "ingress_policing_rate=0")
    found.attach(None)
    found.neutron.delete(f"qos/policies/{found.policy}")
    wait_until(found.is_clean)
    assert node("ovs-vsctl", "get", "Port", found.tap, "qos").strip() == "[]"
