# SPDX-License-Identifier: Apache-2.0
"""One lab for all tests; a lab that the user has up is not touched."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Iterator

import pytest

_HOME = Path(tempfile.mkdtemp(prefix="netem-lab-test-"))
# netem_lab.session.state reads this when it is imported, here and in each netem-lab that we run.
os.environ["NETEM_LAB_FOLDER"] = str(_HOME / "lab")

from netem_lab.session import state, up_down  # noqa: E402
from tests.integration.traces import shared_with_others, traces  # noqa: E402


@pytest.fixture(scope="session", autouse=True)
def _home() -> Iterator[None]:
    yield
    shutil.rmtree(_HOME)


@pytest.fixture(scope="session")
def lab(_home: None) -> Iterator[state.Lab]:
    """A lab that is up; when it is down, nothing of it may be left."""
    before = shared_with_others()
    lab = up_down.up(api_port=0)
    yield lab
    up_down.down()
    assert traces(str(state.FOLDER)) == []
    assert shared_with_others() == before
