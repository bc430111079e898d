# SPDX-License-Identifier: Apache-2.0
"""Every preset, scaled or not, makes rules that the server accepts."""

from __future__ import annotations

import pytest

from networking_netem.client.preset import factors, presets
from networking_netem.domain.attribute import InvalidValue
from networking_netem.domain.rule_types import IMPOSED

ATTRIBUTES = {each.name: each for rule in IMPOSED for each in rule.attributes}


@pytest.mark.parametrize("preset", presets().values(), ids=lambda preset: preset.name)
def test_a_preset_holds_values_that_the_server_takes_and_their_source(preset) -> None:
    assert preset.source
    rules = list(preset.rules())
    assert {rule["direction"] for _, rule in rules} == {"egress", "ingress"}
    for _, rule in rules:
        for name, value in rule.items():
            assert ATTRIBUTES[name].parse(value) == value
    merged = {
        direction: {
            name: value
            for _, rule in rules
            if rule["direction"] == direction
            for name, value in rule.items()
            if name != "direction"
        }
        for direction in ("ingress", "egress")
    }
    assert merged == {"ingress": preset.down, "egress": preset.up}


def test_down_is_what_the_instance_receives() -> None:
    directions = presets()["geo-satellite"].directions()
    assert directions["ingress"]["max_kbps"] == 10000
    assert directions["egress"]["max_kbps"] == 2000


def test_a_factor_alone_makes_the_whole_link_worse() -> None:
    twice = presets()["starlink"].scaled(factors("2"))
    assert twice.up == {
        "max_kbps": 7500,
        "delay_ms": 38,
        "delay_correlation_ms": 14,
        "loss_pct": 0.26,
    }


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("rate=0.1", "max_kbps", 1500),
        ("delay=0.0001", "delay_ms", 0.002),
        ("jitter=3", "delay_correlation_ms", 21),
        ("loss=0.5", "loss_pct", 0.065),
    ],
)
def test_a_named_quantity_is_scaled_alone(text: str, name: str, value: float) -> None:
    before = presets()["starlink"]
    assert before.scaled(factors(text)).up == {**before.up, name: value}


@pytest.mark.parametrize(
    "text", ["", "x", "0", "-1", "nan", "inf", "speed=2", "=2", "delay=", "1e"]
)
def test_what_is_no_factor_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="rate, delay, jitter, loss, a factor a number from"):
        factors(text)


def test_a_quantity_may_be_taken_out() -> None:
    assert presets()["very-bad"].scaled(factors("loss=0")).up["loss_pct"] == 0


@pytest.mark.parametrize("text", ["11", "0.000001", "1000000", "rate=0", "delay=1000"])
def test_a_link_is_not_scaled_out_of_range(text: str) -> None:
    with pytest.raises(InvalidValue):
        presets()["very-bad"].scaled(factors(text))


@pytest.mark.parametrize(("factor", "runs"), [("1", 2), ("6", 2), ("9", 9), ("9.5", 19), ("10", 1)])
def test_runs_of_losses_are_lengthened_where_more_are_lost(factor: str, runs: float) -> None:
    scaled = presets()["wifi-congested"].scaled(factors(f"loss={factor}"))
    assert scaled.up["loss_burst_packets"] == runs
