# SPDX-License-Identifier: Apache-2.0
"""The values that the API accepts, how it returns them, and how it refuses others."""

from __future__ import annotations

import json
from typing import Any

import pytest

from networking_netem.domain.attribute import Number
from networking_netem.domain.rule_types import DELAY, LOSS, RULE_TYPES, RuleType
from tests.support.neutron_api import NeutronApi
from tests.support.values import least

GOOD = [
    (DELAY, {"delay_ms": 0}, {"delay_ms": 0, "delay_correlation_ms": 0, "direction": "egress"}),
    (DELAY, {"delay_ms": 60000, "delay_correlation_ms": 30000}, None),
    (DELAY, {"delay_ms": 0.001, "delay_correlation_ms": 29999.999, "direction": "ingress"}, None),
    (DELAY, {"delay_ms": "10.0"}, {"delay_ms": 10}),
    (DELAY, {"delay_ms": "0.5", "delay_correlation_ms": 1e-3}, {"delay_ms": 0.5}),
    (LOSS, {"loss_pct": 0}, None),
    (LOSS, {"loss_pct": 100}, None),
    (LOSS, {"loss_pct": 0.1}, None),
    (LOSS, {"loss_pct": 99.9999, "direction": "ingress"}, None),
    (LOSS, {"loss_pct": "33.3333"}, {"loss_pct": 33.3333}),
]

# JSON text, because Python's JSON encoder would not write some of these.
BAD_TEXTS = [
    *("true", "false", "null", "NaN", "Infinity", "-Infinity", "1e400", "-1e400", '"1e400"', "[]"),
    *("{}", "[10]", '{"a": 1}', '""', '"ten"', '"10ms"', '"NaN"', '"1_0"', '"\\ud800"', "-1"),
    *("-0.0001", "0.00001", '"0.00001"', "60001", "100000000000000000000", "1" * 4000, "-1e-7"),
]

NUMBERS = [
    (rule_type, attribute)
    for rule_type in RULE_TYPES
    for attribute in rule_type.attributes
    if isinstance(attribute, Number)
]


def _typed(body: Any) -> str:
    """Return `body` as text, so that 10 and 10.0 are different."""
    return json.dumps(body, sort_keys=True)


@pytest.mark.parametrize(("rule_type", "sent", "expected"), GOOD)
def test_a_value_comes_back_as_it_went_in(
    api: NeutronApi, policy: str, rule_type: RuleType, sent: dict, expected: dict | None
) -> None:
    expected = expected or sent
    created = api.post(f"{policy}/{rule_type.collection}", {rule_type.member: sent})
    assert created.status == 201
    rule = created.body[rule_type.member]
    for answer in (rule, api.get(policy).body["policy"]["rules"][0]):
        assert _typed({name: answer[name] for name in expected}) == _typed(expected)

    path = f"{policy}/{rule_type.collection}/{rule['id']}"
    changed = api.put(path, {rule_type.member: sent})
    assert _typed(changed.body) == _typed(created.body) == _typed(api.get(path).body)


@pytest.mark.parametrize(("rule_type", "number"), NUMBERS, ids=lambda each: each.name)
def test_bad_numbers_are_refused_naming_attribute_and_range(
    api: NeutronApi, policy: str, rule_type: RuleType, number: Number
) -> None:
    body = json.dumps({rule_type.member: {**least(rule_type), number.name: "HERE"}})
    for text in BAD_TEXTS:
        answer = api.send("POST", f"{policy}/{rule_type.collection}", body.replace('"HERE"', text))
        assert answer.status == 400, text
        assert f"{number.name} must be {number.expected}, not " in answer.message, text
    assert not api.get(policy).body["policy"]["rules"]


@pytest.mark.parametrize("rule_type", RULE_TYPES, ids=lambda rule_type: rule_type.name)
def test_a_bad_change_changes_nothing(api: NeutronApi, policy: str, rule_type: RuleType) -> None:
    path = f"{policy}/{rule_type.collection}"
    rule = api.post(path, {rule_type.member: least(rule_type)}).body[rule_type.member]
    for attribute in rule_type.attributes:
        answer = api.put(f"{path}/{rule['id']}", {rule_type.member: {attribute.name: "bad"}})
        assert answer.status == 400
        assert f"{attribute.name} must be {attribute.expected}, not 'bad'" in answer.message
    assert api.get(path).body == {rule_type.collection: [rule]}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"delay_rule": {}}, "'delay_ms' not specified"),
        ({"delay_rule": {"delay_correlation_ms": 1}}, "'delay_ms' not specified"),
        ({"delay_rule": {"delay_ms": 1, "loss_pct": 1}}, "Unrecognized attribute(s) 'loss_pct'"),
        ({"delay_rule": {"delay_ms": 1, "id": "1"}}, "'id' not allowed in POST"),
        ({"loss_rule": {"loss_pct": 1}}, "Unable to find 'delay_rule'"),
        ({"delay_rule": [{"delay_ms": 1}]}, "'delay_rule' contains invalid data"),
        ({"delay_rule": None}, "Unable to find 'delay_rule'"),
        ({"delay_rules": []}, "Resources required"),
        ({}, "body required"),
        ([], "must be a JSON object"),
        ("delay_rule", "must be a JSON object"),
    ],
)
def test_a_bad_body_is_refused(api: NeutronApi, policy: str, body: object, reason: str) -> None:
    answer = api.post(f"{policy}/delay_rules", body)
    assert answer.status == 400
    assert reason in answer.message


def test_a_body_that_is_no_json_is_refused(api: NeutronApi, policy: str) -> None:
    for text in ("{", '{"delay_rule": {"delay_ms": 1}', "delay_ms=1", "{'delay_rule': {}}"):
        assert api.send("POST", f"{policy}/delay_rules", text).status == 400
