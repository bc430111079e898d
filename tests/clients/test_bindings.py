# SPDX-License-Identifier: Apache-2.0
"""The ten methods on the real neutronclient of each release."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Callable

import pytest

from tests.clients.api import Api
from tests.clients.environments import RELEASES, Environment, ok

SCRIPT = str(Path(__file__).with_name("bindings.py"))


@pytest.mark.parametrize("release", RELEASES)
def test_ten_methods(
    api: Api, policy: str, environment: Callable[[str], Environment], release: str
) -> None:
    (policy_id,) = (each["id"] for each in api.policies())
    check(json.loads(ok(environment(release).run(SCRIPT, api.url, policy_id))))
    assert api.rules() == []


def check(answers: dict) -> None:
    """Check what the script has printed."""
    created = answers["create_delay"]["delay_rule"]
    rule = {"delay_ms": 100, "delay_correlation_ms": 0.5, "direction": "egress"}
    assert created == {**rule, "id": created["id"]}
    assert answers["list_delay"] == {"delay_rules": [created]}
    assert answers["list_delay_filtered"] == {"delay_rules": []}
    assert answers["pages"] == [{"delay_rules": [{"delay_ms": 100}]}]
    assert answers["show_delay"] == answers["create_delay"]
    assert answers["show_delay_fields"] == {"delay_rule": {"id": created["id"]}}
    assert answers["update_delay"] == {"delay_rule": {**created, "direction": "ingress"}}

    created = answers["create_loss"]["loss_rule"]
    values = {"loss_pct": 0.1, "loss_burst_packets": 1, "direction": "egress"}
    assert created == {**values, "id": created["id"]}
    assert answers["list_loss"] == {"loss_rules": [created]}
    assert answers["show_loss"] == answers["create_loss"]
    assert answers["update_loss"] == {"loss_rule": {**created, "loss_pct": 14}}

    assert "delay_ms must be a number from 0 to 60000 milliseconds" in answers["refused"]
