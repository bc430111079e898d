# SPDX-License-Identifier: Apache-2.0
"""Several clients at once, over MariaDB and over SQLite, which the lab's node uses."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable

import pytest

from networking_netem.domain.rule_types import RULE_TYPES, RuleType
from tests.support import neutron_api
from tests.support.neutron_api import NeutronApi
from tests.support.values import VALUES

CLIENTS = 8
ROUNDS = 8

each_type = pytest.mark.parametrize("rule_type", RULE_TYPES, ids=lambda rule_type: rule_type.name)


@pytest.fixture(scope="module", params=["sqlite", "mariadb"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A server for each database; that over MariaDB is a process of its own."""
    if request.param == "sqlite":
        yield request.getfixturevalue("api")
        return
    root = tmp_path_factory.mktemp("served")
    conf = neutron_api.configure(root, database=request.getfixturevalue("neutron_in_mariadb"))
    neutron_api.manage(conf, "networking-netem", "upgrade", "head")
    with neutron_api.serving(conf) as served:
        yield served


def _at_once(work: Callable[[int], Any]) -> list:
    with ThreadPoolExecutor(CLIENTS) as clients:
        return list(clients.map(work, range(CLIENTS)))


def _new_policy(api: NeutronApi) -> str:
    answer = api.post("/qos/policies", {"policy": {"name": "busy"}})
    assert answer.status == 201
    return f"/qos/policies/{answer.body['policy']['id']}"


@each_type
def test_of_the_same_rule_one_is_created(server: NeutronApi, rule_type: RuleType) -> None:
    body = {rule_type.member: VALUES[rule_type.name]}
    for _ in range(5):
        path = f"{_new_policy(server)}/{rule_type.collection}"
        answers = _at_once(lambda _, path=path: server.post(path, body).status)
        assert sorted(answers) == [201] + [409] * (CLIENTS - 1)
        assert len(server.get(path).body[rule_type.collection]) == 1


def test_no_client_meets_a_server_error(server: NeutronApi) -> None:
    def work(_: int) -> list[int]:
        policy = _new_policy(server)
        statuses = []
        for number in range(ROUNDS):
            for rule_type in RULE_TYPES:
                path = f"{policy}/{rule_type.collection}"
                body = {rule_type.member: VALUES[rule_type.name]}
                created = server.post(path, body)
                statuses.append(created.status)
                at = f"{path}/{created.body[rule_type.member]['id']}"
                direction = {"direction": "ingress" if number % 2 else "egress"}
                statuses.append(server.put(at, {rule_type.member: direction}).status)
                statuses.append(server.get(policy).status)
                statuses.append(server.delete(at).status)
        return statuses

    one = [201, 200, 200, 204] * len(RULE_TYPES) * ROUNDS
    assert _at_once(work) == [one] * CLIENTS
