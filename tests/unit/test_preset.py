# SPDX-License-Identifier: Apache-2.0
"""Every preset, scaled or not, makes rules that the server accepts."""

from __future__ import annotations

import re

import pytest

from networking_netem.client.preset import Preset, factors, presets
from networking_netem.client.preset_timeline import PresetTimeline
from networking_netem.domain.attribute import InvalidValue
from networking_netem.domain.rule_types import IMPOSED

ATTRIBUTES = {each.name: each for rule in IMPOSED for each in rule.attributes}


@pytest.mark.parametrize("preset", presets().values(), ids=lambda preset: preset.name)
def test_a_preset_holds_values_that_the_server_takes_and_their_source(preset) -> None:
    assert preset.source
    rules = list(preset.rules())
    directions = {rule["direction"] for _, rule in rules}
    moving = {each.direction for each in preset.timelines}
    assert directions | moving in ({"any"}, {"egress", "ingress"}, {"any", "egress", "ingress"})
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


MOVING = [each for each in presets().values() if each.timelines]


@pytest.mark.parametrize("preset", MOVING, ids=lambda preset: preset.name)
def test_what_moves_has_steps_that_a_timeline_takes(preset: Preset) -> None:
    assert [each.direction for each in preset.timelines] in (["any"], ["ingress", "egress"])
    for timeline in preset.timelines:
        times = [step["at_ms"] for step in timeline.steps]
        assert times[0] == 0
        assert times[-1] < timeline.length_ms
        assert all(two - one >= 100 for one, two in zip(times, times[1:]))
        for step in timeline.steps:
            for name, value in step.items():
                assert name == "at_ms" or ATTRIBUTES[name].parse(value) == value


def test_what_moves_is_scaled_and_what_is_down_stays_down() -> None:
    (scaled,) = presets()["starlink-moving"].scaled(factors("2")).timelines
    assert scaled.steps[1] == {"at_ms": 300, "delay_ms": 26}
    (flapping,) = presets()["flapping-uplink"].scaled(factors("2")).timelines
    assert flapping == presets()["flapping-uplink"].timelines[0]


def test_a_link_for_a_time_is_one_step_and_no_other_rule() -> None:
    link = presets()["lte"].lasting(600_000)
    assert list(link.rules()) == []
    assert link.timelines == (
        PresetTimeline("any", [{"at_ms": 0, "max_kbps": 12000, "delay_ms": 17.5}], 600_000),
    )
    directions = [each.direction for each in presets()["3g"].lasting(1000).timelines]
    assert directions == ["egress", "ingress"]


def test_a_link_that_moves_for_ever_does_so_for_a_time() -> None:
    (whole, _) = presets()["starlink-moving"].lasting(600_000).timelines
    assert (whole.repeat, whole.length_ms, len(whole.steps)) == (10, 60_000, 8)
    assert whole.steps[1]["max_kbps"] == 15000
    (cut, _) = presets()["starlink-moving"].lasting(75_100).timelines
    assert (cut.repeat, cut.length_ms) == (1, 75_100)
    assert [step["at_ms"] for step in cut.steps][-3:] == [60_000, 60_300, 75_000]


@pytest.mark.parametrize(("seconds", "last"), [(75, {"max_kbps": 128}), (120, {"max_kbps": 128})])
def test_what_holds_after_the_last_round_does_so_for_a_time(seconds: int, last: dict) -> None:
    (egress, _) = presets()["dsl-resync"].lasting(seconds * 1000).timelines
    assert (egress.length_ms, egress.at_end) == (seconds * 1000, "revert")
    assert egress.steps[-1] == {"at_ms": 60_000, "delay_ms": 5, **last}


def test_what_reverts_after_the_last_round_does_so_within_a_time() -> None:
    (fade, _) = presets()["geo-rain-fade"].lasting(500_000).timelines
    assert fade.steps[-1] == {"at_ms": 390_000, "max_kbps": 2000, "delay_ms": 325}


def test_a_time_that_takes_too_many_steps_is_refused() -> None:
    said = "3h0.5s takes more than 1000 steps; a multiple of 1m takes 8"
    with pytest.raises(ValueError, match=re.escape(said)):
        presets()["starlink-moving"].lasting(10_800_500)
