# SPDX-License-Identifier: Apache-2.0
"""A pytest plugin: the cloud of the suite under test, also for tests that know no suites."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator

import pytest

from netem_lab.scenario.scenario import PAIR
from tests.releases.backends import BACKENDS, DEFAULT_BACKEND
from tests.releases.cloud import Cloud
from tests.releases.suites import SUITES


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options for the names of the suite and the backend."""
    parser.addoption("--suite", choices=list(SUITES), required=True)
    parser.addoption("--backend", choices=list(BACKENDS), default=DEFAULT_BACKEND)
    parser.addoption("--neutrons-own", choices=("short", "all"), default="short")


@pytest.fixture(scope="session")
def cloud(request: pytest.FixtureRequest) -> Iterator[Cloud]:
    """The two hosts; the compute node is starting."""
    suite, backend = (request.config.getoption(f"--{name}") for name in ("suite", "backend"))
    started = Cloud(SUITES[suite], BACKENDS[backend])
    try:
        started.start()
        yield started
    except BaseException:
        print(started.controller.logs())
        raise
    finally:
        started.stop()


@pytest.fixture(scope="session")
def plugged(cloud: Cloud) -> Cloud:
    """The same with both instances up."""
    cloud.plug()
    reaches = ["ip", "netns", "exec", PAIR.first, "ping", "-c1", "-W1", "-q", "10.0.0.12"]
    cloud.compute.until(lambda: not cloud.compute.node.run(reaches).returncode, "the ping")
    return cloud


@pytest.fixture
def folder_on_tmpfs(cloud: Cloud) -> Path:
    """A folder for one more host of the suite; it goes with the cloud."""
    return cloud.folder / "neutrons-own"
