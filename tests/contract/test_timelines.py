# SPDX-License-Identifier: Apache-2.0
"""Timeline rules in the API: when they start, where they are, and what is not stored together."""

from __future__ import annotations

import json
import time
from typing import Any, Dict

import pytest
from oslo_config import cfg

from networking_netem.domain.instant import since_1970_ms
from networking_netem.server import options
from tests.support.neutron_api import NeutronApi

FLAP = [{"at_ms": 0}, {"at_ms": 8000, "loss_pct": 100}]
RULE: Dict[str, Any] = {"steps": FLAP, "length_ms": 10_000, "repeat": 0}


@pytest.fixture
def path(policy: str) -> str:
    return f"{policy}/timeline_rules"


def create(api: NeutronApi, path: str, **values: Any) -> Any:
    return api.post(path, {"timeline_rule": {**RULE, **values}})


def now_ms() -> int:
    return time.time_ns() // 10**6


def test_a_timeline_comes_back(api: NeutronApi, policy: str, path: str) -> None:
    rule = create(api, path).body["timeline_rule"]
    stored = {name: rule[name] for name in (*RULE, "at_end", "start_at", "direction")}
    assert stored == {**RULE, "at_end": "revert", "start_at": None, "direction": "egress"}
    assert (rule["state"], rule["round"], rule["step"]) == ("loaded", 0, 0)
    assert "start_in_ms" not in rule
    for shown in (
        api.get(f"{path}/{rule['id']}").body["timeline_rule"],
        api.get(path).body["timeline_rules"][0],
        api.get(policy).body["policy"]["rules"][0],
    ):
        assert {name: shown[name] for name in rule} == rule


def test_a_start_in_so_many_milliseconds(api: NeutronApi, path: str) -> None:
    rule_id = create(api, path).body["timeline_rule"]["id"]
    before_ms = now_ms()
    started = api.put(f"{path}/{rule_id}", {"timeline_rule": {"start_in_ms": 60_000}})
    at_ms = since_1970_ms(started.body["timeline_rule"]["start_at"])
    assert before_ms + 60_000 <= at_ms <= now_ms() + 60_000
    assert started.body["timeline_rule"]["state"] == "waiting"
    stopped = api.put(f"{path}/{rule_id}", {"timeline_rule": {"start_at": None}})
    assert stopped.body["timeline_rule"]["state"] == "loaded"
    created = create(api, path, direction="ingress", start_in_ms="0").body["timeline_rule"]
    assert (created["state"], created["round"], created["step"]) == ("running", 1, 1)


def test_where_a_timeline_is(api: NeutronApi, path: str) -> None:
    started_ms = now_ms() - 38_500
    seconds, milliseconds = divmod(started_ms, 1000)
    start_at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{milliseconds:03d}Z"
    rule = create(api, path, start_at=start_at).body["timeline_rule"]
    # It says where it is when it is asked, which may be a second later.
    assert (rule["state"], rule["round"], rule["step"]) in {("running", 4, 2), ("running", 5, 1)}
    over = api.put(f"{path}/{rule['id']}", {"timeline_rule": {"repeat": 3}}).body["timeline_rule"]
    assert (over["state"], over["round"], over["step"]) == ("over", 3, 2)


def test_one_for_any_direction_or_one_for_each(api: NeutronApi, path: str) -> None:
    assert create(api, path, direction="any").status == 201
    for direction in ("egress", "ingress"):
        refused = create(api, path, direction=direction)
        assert refused.status == 409
        assert "this one has one of direction any" in refused.message
    assert create(api, path, direction="any").status == 409
    rule_id = api.get(path).body["timeline_rules"][0]["id"]
    one = api.put(f"{path}/{rule_id}", {"timeline_rule": {"direction": "egress"}})
    assert one.status == 200
    other = create(api, path, direction="ingress").body["timeline_rule"]["id"]
    assert create(api, path, direction="any").status == 409
    assert api.put(f"{path}/{other}", {"timeline_rule": {"direction": "any"}}).status == 409
    assert len(api.get(path).body["timeline_rules"]) == 2


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"length_ms": 8000}, "length_ms must be above 8000, where the last step begins, not 8000"),
        ({"steps": [{"at_ms": 0}, {"at_ms": 99}]}, "at_ms of step 2 must be 100 or more"),
        ({"steps": []}, "steps must be a list of 1 to 1000 steps"),
        ({"start_at": "soon"}, "start_at must be an instant as 2026-11-30T12:00:00.000Z"),
        ({"start_in_ms": -1}, "start_in_ms must be a whole number from 0 to 86400000, not -1"),
        ({"start_in_ms": 1, "start_at": "2026-11-30T12:00:00Z"}, "both say when it starts"),
        ({"repeat": 1_000_001}, "repeat must be a whole number from 0 to 1000000"),
        ({"state": "running"}, "'state' not allowed in POST"),
    ],
)
def test_what_does_not_go_together_is_refused(
    api: NeutronApi, path: str, values: Dict[str, Any], said: str
) -> None:
    refused = create(api, path, **values)
    assert refused.status == 400
    assert said in refused.message
    assert api.get(path).body == {"timeline_rules": []}


def test_a_change_that_does_not_go_together_changes_nothing(api: NeutronApi, path: str) -> None:
    rule_id = create(api, path).body["timeline_rule"]["id"]
    refused = api.put(f"{path}/{rule_id}", {"timeline_rule": {"length_ms": 5000}})
    assert refused.status == 400
    assert api.get(f"{path}/{rule_id}").body["timeline_rule"]["length_ms"] == 10_000


def test_many_at_once_start_together(api: NeutronApi, path: str) -> None:
    rules = [{**RULE, "direction": each, "start_in_ms": 5000} for each in ("egress", "ingress")]
    made = api.post(path, {"timeline_rules": rules}).body["timeline_rules"]
    assert len({rule["start_at"] for rule in made}) == 1


def test_an_operator_allows_finer_steps(api: NeutronApi, path: str) -> None:
    steps = [{"at_ms": 0}, {"at_ms": 20, "delay_ms": 1}]
    assert create(api, path, steps=steps).status == 400
    cfg.CONF.set_override("least_step_ms", 20, options.GROUP)
    try:
        assert create(api, path, steps=steps).status == 201
    finally:
        cfg.CONF.clear_override("least_step_ms", options.GROUP)


def test_the_longest_steps_are_stored(api: NeutronApi, path: str) -> None:
    steps = [{"at_ms": 100 * each, "delay_ms": each % 60, "loss_pct": 1.5} for each in range(1000)]
    assert 40_000 < len(json.dumps(steps, separators=(",", ":"))) < 65_536
    made = create(api, path, steps=steps, length_ms=100_000)
    assert made.status == 201
    assert api.get(path).body["timeline_rules"][0]["steps"] == steps
