# SPDX-License-Identifier: Apache-2.0
"""Runs of losses that are too short for their loss are refused, and nothing is changed."""

from __future__ import annotations

import pytest

from tests.support.neutron_api import NeutronApi


@pytest.mark.parametrize(
    ("loss_pct", "packets", "least"),
    [(90, 3, "9.00"), (99.9, 998.99, "999.00"), (60, 1.49, "1.50")],
)
def test_too_short_runs(
    api: NeutronApi, policy: str, loss_pct: float, packets: float, least: str
) -> None:
    refused = api.post(
        f"{policy}/loss_rules", {"loss_rule": {"loss_pct": loss_pct, "loss_burst_packets": packets}}
    )
    assert refused.status == 400
    said = refused.body["NeutronError"]["message"]
    assert (
        f"loss_burst_packets must be 1, or {least} or more with a loss_pct of {loss_pct:g}" in said
    )
    assert f"not {packets:g}" in said
    assert api.get(f"{policy}/loss_rules").body == {"loss_rules": []}


@pytest.mark.parametrize(
    ("loss_pct", "packets"), [(90, 9), (60, 1.5), (50, 1.01), (100, 3), (0, 9)]
)
def test_runs_that_can_be(api: NeutronApi, policy: str, loss_pct: float, packets: float) -> None:
    values = {"loss_pct": loss_pct, "loss_burst_packets": packets}
    assert api.post(f"{policy}/loss_rules", {"loss_rule": values}).status == 201


@pytest.mark.parametrize("change", [{"loss_pct": 90}, {"loss_burst_packets": 1.01}])
def test_a_change_of_either_is_seen_with_the_other(
    api: NeutronApi, policy: str, change: dict
) -> None:
    values = {"loss_pct": 60, "loss_burst_packets": 2}
    made = api.post(f"{policy}/loss_rules", {"loss_rule": values}).body["loss_rule"]
    at = f"{policy}/loss_rules/{made['id']}"
    assert api.put(at, {"loss_rule": change}).status == 400
    assert api.get(at).body["loss_rule"] == made
    both = {"loss_pct": 90, "loss_burst_packets": 20}
    assert api.put(at, {"loss_rule": both}).body["loss_rule"] == {**made, **both}
