# SPDX-License-Identifier: Apache-2.0
"""One real Neutron for all tests of clients, and the clients of each release."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import Callable, Iterator

import pytest
import requests

from tests.clients.api import Api
from tests.clients.environments import Environment
from tests.support import neutron_api


@contextlib.contextmanager
def _serving(root: Path, **changes: str) -> Iterator[Api]:
    """Serve a real Neutron through its own pipelines, without authentication."""
    conf = neutron_api.configure(root, **changes)
    paste = Path(sys.prefix) / "etc/neutron/api-paste.ini"
    text = conf.read_text().replace("auth_strategy = keystone", "auth_strategy = noauth")
    conf.write_text(text.replace(f"{root}/api-paste.ini", str(paste)))
    neutron_api.create_sqlite(root / "neutron.sqlite")
    with neutron_api.serving(conf) as served:
        yield Api(served.base_url)


@pytest.fixture(scope="session")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A real Neutron on loopback."""
    with _serving(tmp_path_factory.mktemp("neutron")) as served:
        yield served


@pytest.fixture(scope="session")
def stock_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A real Neutron without this package."""
    with _serving(tmp_path_factory.mktemp("stock"), service_plugins="qos") as served:
        yield served


@pytest.fixture(scope="session")
def environment(api: Api) -> Iterator[Callable[[str], Environment]]:
    """Return the clients of a release, configured for the server."""
    known = {}

    def of(name: str) -> Environment:
        if name not in known:
            known[name] = Environment(name, OS_AUTH_TYPE="none", OS_ENDPOINT=api.url)
        return known[name]

    yield of
    for each in known.values():
        each.close()


@pytest.fixture
def policy(api: Api) -> Iterator[str]:
    """The name of a new policy; all policies are deleted after the test."""
    body = {"policy": {"name": "unstable"}}
    requests.post(f"{api.url}/v2.0/qos/policies", json=body, timeout=30).raise_for_status()
    yield "unstable"
    api.clear()


@pytest.fixture
def clean(api: Api) -> Iterator[None]:
    """Delete all policies after the test."""
    yield
    api.clear()
