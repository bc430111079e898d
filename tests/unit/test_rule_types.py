# SPDX-License-Identifier: Apache-2.0
"""A rule type sets its fields of an impairment, and resets them, by its declaration alone."""

from __future__ import annotations

from dataclasses import fields

import pytest

from networking_netem.domain import numbers
from networking_netem.domain.impairment import MAXIMA, NONE, Impairment
from networking_netem.domain.rule_types import BANDWIDTH_LIMIT, DELAY, IMPOSED, LOSS, RuleType

ALL = Impairment(
    delay_us=100_000, jitter_us=10_000, loss_ppm=1_000, rate_kbps=10_000, burst_kbit=100
)
each_type = pytest.mark.parametrize("rule_type", IMPOSED, ids=lambda rule_type: rule_type.name)


def test_every_field_of_an_impairment_is_set_by_one_number() -> None:
    numbers = [number for rule_type in IMPOSED for number in rule_type.numbers]
    assert sorted(number.field for number in numbers) == sorted(MAXIMA)
    assert {field.name for field in fields(Impairment)} == set(MAXIMA)


@each_type
def test_what_other_types_say_stays(rule_type: RuleType) -> None:
    ours = {number.field for number in rule_type.numbers}
    values = {number.name: number.maximum for number in rule_type.numbers}
    for changed in (rule_type.put(ALL, values), rule_type.drop(ALL)):
        for name in set(MAXIMA) - ours:
            assert getattr(changed, name) == getattr(ALL, name)
    assert rule_type.drop(rule_type.put(NONE, values)) == NONE


@each_type
def test_the_ends_of_a_range_are_the_ends_of_the_field(rule_type: RuleType) -> None:
    for number in rule_type.numbers:
        assert number.steps(number.maximum) == MAXIMA[number.field]
        assert number.value(MAXIMA[number.field]) == number.maximum
        assert number.steps(2 * number.maximum) == MAXIMA[number.field]


def test_decimals_become_whole_steps() -> None:
    delay = {"delay_ms": 0.001, "delay_correlation_ms": 33.333}
    assert DELAY.put(NONE, delay) == Impairment(delay_us=1, jitter_us=33_333)
    assert LOSS.put(NONE, {"loss_pct": 0.0001}) == Impairment(loss_ppm=1)
    assert [number.value(1) for number in LOSS.numbers] == [0.0001, 0.01]


def test_an_absent_attribute_counts_as_its_default() -> None:
    limited = BANDWIDTH_LIMIT.put(ALL, {"max_kbps": 64, "max_burst_kbps": None})
    assert (limited.rate_kbps, limited.burst_kbit) == (64, 0)
    assert DELAY.put(ALL, {"delay_ms": 1}).jitter_us == 0
    # Neutron's own column for it may be empty; then there is no limit (17-29).
    assert BANDWIDTH_LIMIT.put(ALL, {"max_kbps": None}).rate_kbps == 0


def test_a_number_names_the_file_that_lacks_its_field() -> None:
    with pytest.raises(ValueError, match=r"teleport_pct sets teleport_ppm: domain/impairment.py"):
        numbers._number("teleport_ppm", "teleport_pct", "percent", "Share.", decimals=4)
