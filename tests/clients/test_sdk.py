# SPDX-License-Identifier: Apache-2.0
"""The resources on the real openstacksdk of each release."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Callable

import pytest

from tests.clients.api import Api
from tests.clients.environments import RELEASES, Environment, ok

SCRIPT = str(Path(__file__).with_name("sdk.py"))


@pytest.mark.parametrize("release", RELEASES)
def test_resources(
    api: Api, policy: str, environment: Callable[[str], Environment], release: str
) -> None:
    (policy_id,) = (each["id"] for each in api.policies())
    check(json.loads(ok(environment(release).run(SCRIPT, api.url, policy_id))), policy_id)
    assert api.rules() == []


def check(answers: dict, policy_id: str) -> None:
    """Check what the script has printed."""
    created = answers["created"]
    rule = {"delay_ms": 100, "delay_correlation_ms": 0.5, "direction": "egress"}
    assert created == {"id": created["id"], "qos_policy_id": policy_id, **rule}
    assert answers["fetched"] == created
    # openstacksdk 0.52 loses the policy of a rule in a list, as it does for Neutron's own rules.
    assert {**answers["listed"], "qos_policy_id": policy_id} == created
    assert answers["filtered"] == 0
    assert answers["changed"] == {**created, "delay_ms": 0}
    loss = answers["loss"]
    values = (loss["loss_pct"], loss["loss_burst_packets"], loss["direction"])
    assert values == (0.1, 2.5, "ingress")
    assert answers["loss_changed"] == {**loss, "loss_pct": 14}
    assert answers["gone"][0] == 404
