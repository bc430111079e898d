# SPDX-License-Identifier: Apache-2.0
"""Thousands of bad bodies: each gets a 4xx answer and changes nothing."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest

from networking_netem.domain.rule_types import RULE_TYPES, RuleType
from networking_netem.domain.steps import StepList
from tests.api import bad_bodies
from tests.support.neutron_api import NeutronApi
from tests.support.values import VALUES

BODIES = 1200
"""The number of bodies for each rule type; half of them are sent by POST, half by PUT."""
RULES = {
    **VALUES,
    "delay": {"delay_ms": 0.5, "delay_correlation_ms": 2},
    "loss": {"loss_pct": 0.1, "loss_burst_packets": 2.5},
}


def _state(api: NeutronApi, policy: str) -> Any:
    return api.get(policy).body["policy"]


OF_STEP = re.compile(r"(of the first step|of step \d+|^.*step \d+ of steps) must be ")


@pytest.mark.parametrize("rule_type", RULE_TYPES, ids=lambda rule_type: rule_type.name)
def test_bad_bodies(api: NeutronApi, policy: str, rule_type: RuleType) -> None:
    path = f"{policy}/{rule_type.collection}"
    created = api.post(path, {rule_type.member: RULES[rule_type.name]})
    at = f"{path}/{created.body[rule_type.member]['id']}"
    before = _state(api, policy)

    bodies = itertools.islice(bad_bodies.bad_bodies(rule_type, seed=7), BODIES)
    for number, bad in enumerate(bodies):
        # All six kinds are sent by one method, then all six by the other.
        method, where = ("POST", path) if number // 6 % 2 else ("PUT", at)
        answer = api.send(method, where, bad.text, Content_Type=bad.content_type)
        about = f"{method} {bad.kind} {bad.text[:200]!r}: {answer.status} {answer.body}"
        assert 400 <= answer.status < 500, about
        assert answer.message, about
        if bad.attribute:
            whole = f"{bad.attribute.name} must be {bad.attribute.expected}"
            # Of a list of steps, the message is about the step that is wrong.
            of_step = isinstance(bad.attribute, StepList) and OF_STEP.search(answer.message)
            assert whole in answer.message or of_step, about
        if number % 100 == 0:
            assert _state(api, policy) == before, about
    assert _state(api, policy) == before

    turned = api.put(at, {rule_type.member: {"direction": "ingress"}})
    assert turned.status == 200
    assert api.post(path, {rule_type.member: RULES[rule_type.name]}).status == 201
