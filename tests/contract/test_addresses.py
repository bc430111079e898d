# SPDX-License-Identifier: Apache-2.0
"""The path of a rule leads to that rule only: 404 for a wrong path, 409 for a second rule."""

from __future__ import annotations

import pytest

from networking_netem.domain.rule_types import IMPOSED, RULE_TYPES, RuleType
from tests.support.neutron_api import NeutronApi
from tests.support.values import least

BODIES = {each.name: {each.member: least(each)} for each in IMPOSED}
NOBODY = "11111111-1111-1111-1111-111111111111"

each_type = pytest.mark.parametrize("rule_type", RULE_TYPES, ids=lambda rule_type: rule_type.name)


def _create(api: NeutronApi, policy: str, name: str, **values: object) -> str:
    answer = api.post(
        f"{policy}/{name}_rules",
        {f"{name}_rule": {**BODIES[name][f"{name}_rule"], **values}},
    )
    assert answer.status == 201
    return answer.body[f"{name}_rule"]["id"]


@each_type
def test_one_rule_a_direction(api: NeutronApi, policy: str, rule_type: RuleType) -> None:
    path = f"{policy}/{rule_type.collection}"
    _create(api, policy, rule_type.name)
    ingress = _create(api, policy, rule_type.name, direction="ingress")
    assert api.post(path, BODIES[rule_type.name]).status == 409
    assert len(api.get(path).body[rule_type.collection]) == 2
    # As for Neutron's own rules, a change of direction is an update like any other.
    turned = api.put(f"{path}/{ingress}", {rule_type.member: {"direction": "egress"}})
    assert turned.status == 409


@each_type
def test_a_rule_can_change_its_direction(api: NeutronApi, policy: str, rule_type: RuleType) -> None:
    path = f"{policy}/{rule_type.collection}/{_create(api, policy, rule_type.name)}"
    assert api.put(path, {rule_type.member: {"direction": "ingress"}}).status == 200
    assert api.get(path).body[rule_type.member]["direction"] == "ingress"


@pytest.mark.parametrize(("of", "at"), [(a, b) for a in BODIES for b in BODIES if a != b])
def test_a_rule_is_not_found_at_the_path_of_another_type(
    api: NeutronApi, policy: str, of: str, at: str
) -> None:
    rule_id = _create(api, policy, of)
    _assert_not_found(api, f"{policy}/{at}_rules/{rule_id}", BODIES[at])
    assert api.get(f"{policy}/{of}_rules/{rule_id}").status == 200


@each_type
def test_a_rule_is_not_found_under_another_policy(
    api: NeutronApi, policy: str, rule_type: RuleType
) -> None:
    rule_id = _create(api, policy, rule_type.name)
    other = api.post("/qos/policies", {"policy": {"name": "other"}}).body["policy"]["id"]
    for policy_id in (other, NOBODY):
        path = f"/qos/policies/{policy_id}/{rule_type.collection}/{rule_id}"
        _assert_not_found(api, path, BODIES[rule_type.name])
    assert api.get(f"{policy}/{rule_type.collection}/{rule_id}").status == 200


@each_type
def test_what_does_not_exist_is_not_found(
    api: NeutronApi, policy: str, rule_type: RuleType
) -> None:
    for rule_id in (NOBODY, "nonsense"):
        path = f"{policy}/{rule_type.collection}/{rule_id}"
        _assert_not_found(api, path, BODIES[rule_type.name])
    nowhere = f"/qos/policies/{NOBODY}/{rule_type.collection}"
    assert api.get(nowhere).status == 404
    assert api.post(nowhere, BODIES[rule_type.name]).status == 404


def _assert_not_found(api: NeutronApi, path: str, body: object) -> None:
    answers = [api.get(path), api.put(path, body), api.delete(path)]
    assert [answer.status for answer in answers] == [404, 404, 404]
    assert "could not be found" in answers[0].message
