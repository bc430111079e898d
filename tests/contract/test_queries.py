# SPDX-License-Identifier: Apache-2.0
"""A request needs no more SQL queries than for a bandwidth limit, however many rules there are."""

from __future__ import annotations

import contextlib
from typing import Any, Iterator

import pytest
import sqlalchemy as sa

from tests.support.neutron_api import NeutronApi

RULES = {
    "delay": {"delay_ms": 1},
    "loss": {"loss_pct": 1},
    "bandwidth_limit": {"max_kbps": 1},
}


@contextlib.contextmanager
def _counted() -> Iterator[list]:
    """Collect the statements that the server executes."""
    statements: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    sa.event.listen(sa.engine.Engine, "before_cursor_execute", note)
    yield statements
    sa.event.remove(sa.engine.Engine, "before_cursor_execute", note)


def _queries(api: NeutronApi, path: str) -> int:
    with _counted() as statements:
        assert api.get(path).status == 200
    return len(statements)


def _add(api: NeutronApi, policy: str, rule_type: str, direction: str) -> str:
    path = f"{policy}/{rule_type}_rules"
    rule = {**RULES[rule_type], "direction": direction}
    answer = api.post(path, {f"{rule_type}_rule": rule})
    return f"{path}/{answer.body[f'{rule_type}_rule']['id']}"


def test_none_more_for_each_rule_listed(api: NeutronApi, policy: str) -> None:
    costs = {}
    for rule_type in RULES:
        at = _add(api, policy, rule_type, "egress")
        path = f"{policy}/{rule_type}_rules"
        one, show = _queries(api, path), _queries(api, at)
        _add(api, policy, rule_type, "ingress")
        costs[rule_type] = (one, _queries(api, path), show)
    one, two, _ = costs["delay"]
    assert one == two > 0
    assert costs["delay"] == costs["loss"] == costs["bandwidth_limit"]


def test_none_more_for_each_rule_in_its_policy(api: NeutronApi, policy: str) -> None:
    none = _queries(api, policy)
    for rule_type in RULES:
        for direction in ("egress", "ingress"):
            _add(api, policy, rule_type, direction)
    assert _queries(api, policy) == none > 0


@pytest.mark.parametrize("rule_type", ["delay", "loss"])
def test_writing_costs_what_a_bandwidth_limit_costs(
    api: NeutronApi, policy: str, rule_type: str
) -> None:
    def cost(name: str) -> list[int]:
        counts = []
        with _counted() as statements:
            at = _add(api, policy, name, "egress")
            counts.append(len(statements))
            assert api.put(at, {f"{name}_rule": RULES[name]}).status == 200
            counts.append(len(statements))
            assert api.delete(at).status == 204
            counts.append(len(statements))
        return counts

    cost(rule_type)  # the first request of a kind loads policy and quota
    cost("bandwidth_limit")
    assert cost(rule_type) == cost("bandwidth_limit")
