# SPDX-License-Identifier: Apache-2.0
"""One real Neutron for all tests of clients, and the clients of each release."""

from __future__ import annotations

import subprocess
import sys
from typing import Callable, Iterator

import pytest
import requests

from tests.clients.api import Api
from tests.clients.environments import REPO, Environment


@pytest.fixture(scope="session")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A real Neutron on loopback."""
    root = tmp_path_factory.mktemp("neutron")
    with subprocess.Popen(
        [sys.executable, "-m", "tests.clients.server", root],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=(root / "stderr").open("w"),
        cwd=REPO,
        text=True,
    ) as server:
        url = server.stdout.readline().strip()
        assert url, (root / "stderr").read_text()[-2000:]
        yield Api(url)
        server.stdin.close()


@pytest.fixture(scope="session")
def environment(api: Api) -> Iterator[Callable[[str], Environment]]:
    """Return the clients of a release, told where the server is."""
    known = {}

    def of(name: str) -> Environment:
        if name not in known:
            known[name] = Environment(name, OS_AUTH_TYPE="none", OS_ENDPOINT=api.url)
        return known[name]

    yield of
    for each in known.values():
        each.close()


@pytest.fixture
def policy(api: Api, request: pytest.FixtureRequest) -> Iterator[str]:
    """The name of a new policy; it and all others are gone after the test."""
    body = {"policy": {"name": "unstable"}}
    requests.post(f"{api.url}/v2.0/qos/policies", json=body, timeout=30).raise_for_status()
    yield "unstable"
    api.clear()


@pytest.fixture
def clean(api: Api) -> Iterator[None]:
    """Leave no policy behind."""
    yield
    api.clear()
