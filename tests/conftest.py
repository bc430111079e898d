# SPDX-License-Identifier: Apache-2.0
"""One Neutron for all tests of the API, and a new policy for each test."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator

import pytest

from tests.support import neutron_api
from tests.support.neutron_api import NeutronApi


@pytest.fixture(scope="session")
def api(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> NeutronApi:
    """The API of a new Neutron, or of the suite under test, called as an administrator."""
    if request.config.getoption("--suite", None):
        return request.getfixturevalue("cloud").http
    root: Path = tmp_path_factory.mktemp("neutron")
    conf = neutron_api.configure(root)
    neutron_api.create_sqlite(root / "neutron.sqlite")
    return neutron_api.start(conf)


@pytest.fixture
def qos_driver(request: pytest.FixtureRequest) -> str:
    """The one driver of QoS that the API has, by Neutron's name."""
    if request.config.getoption("--suite", None):
        return str(request.getfixturevalue("cloud").backend.qos_driver)
    return "openvswitch"


@pytest.fixture
def policy(api: NeutronApi) -> Iterator[str]:
    """The path of a new policy."""
    answer = api.post("/qos/policies", {"policy": {"name": "unstable"}})
    path = f"/qos/policies/{answer.body['policy']['id']}"
    yield path
    api.delete(path)
