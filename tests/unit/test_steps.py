# SPDX-License-Identifier: Apache-2.0
"""The attributes of a timeline rule: what they take, and the sentence that refuses all else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from networking_netem.domain import instant
from networking_netem.domain.attribute import InvalidValue
from networking_netem.domain.rule_types import TIMELINE
from networking_netem.domain.steps import MOST_BYTES, text
from networking_netem.domain.timeline import TimelineStep
from networking_netem.domain.timeline_rule import START_AT, STEPS, timeline

OUTAGE = [{"at_ms": 0}, {"at_ms": 8000, "loss_pct": 100}]


def test_a_list_and_its_text_are_the_same() -> None:
    assert STEPS.parse(OUTAGE) == STEPS.parse(json.dumps(OUTAGE)) == OUTAGE


def test_numbers_come_back_as_they_went_in() -> None:
    given = [{"at_ms": "0", "delay_ms": "0.5", "max_kbps": 10.0, "ramp": True}, {"at_ms": 100.0}]
    assert text(STEPS.parse(given)) == (
        '[{"at_ms":0,"max_kbps":10,"delay_ms":0.5,"ramp":true},{"at_ms":100}]'
    )


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([], "steps must be a list of 1 to 1000 steps with at_ms"),
        ([{"at_ms": 0}] * 1001, "not '1001 steps'"),
        ("[", "steps must be a list"),
        ("[" * 100_000, "steps must be a list"),
        ({"at_ms": 0}, "steps must be a list"),
        ([{}], "at_ms of step 1 must be a whole number from 0 to 604800000, not None"),
        ([{"at_ms": 5}], "at_ms of the first step must be 0, not 5"),
        ([{"at_ms": 0}, {"at_ms": 0}], "at_ms of step 2 must be above 0, where step 1 begins"),
        ([{"at_ms": 0}, 3], "step 2 of steps must be an object, not 3"),
        ([{"at_ms": 0, "delay_ms": 60_001}], "delay_ms of step 1 must be a number from 0 to 60000"),
        ([{"at_ms": 0, "delay": 1}], "and no others, not 'delay'"),
        ([{"at_ms": 0, "ramp": 1}], "ramp of step 1 must be true or false, not 1"),
        (
            [{"at_ms": 0, "loss_pct": 75, "loss_burst_packets": 1.5}],
            "loss_burst_packets of step 1 must be 1, or 3.00 or more with a loss_pct of 75",
        ),
    ],
)
def test_bad_steps_are_refused_by_one_sentence(steps: Any, said: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        STEPS.parse(steps)
    assert said in str(refusal.value)
    assert len(str(refusal.value)) < 400


def test_too_many_bytes_are_refused() -> None:
    step = {"delay_ms": 12345.678, "loss_pct": 12.3456, "corrupt_pct": 12.3456, "max_kbps": 99_999}
    long = [{"at_ms": 100 * each, **step} for each in range(1000)]
    assert len(text(long)) > MOST_BYTES
    with pytest.raises(InvalidValue, match="65535 bytes of JSON at most"):
        STEPS.parse(long)


def test_a_round_is_longer_than_its_last_step_is_late() -> None:
    values = {"steps": OUTAGE, "length_ms": 8000}
    with pytest.raises(InvalidValue, match="length_ms must be above 8000"):
        TIMELINE.check(values)
    TIMELINE.check({**values, "length_ms": 8001})


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("2026-11-30T12:00:00Z", "2026-11-30T12:00:00.000Z"),
        ("2026-11-30T12:00:00.1Z", "2026-11-30T12:00:00.100Z"),
        ("2026-11-30 14:30:00.123456789+02:30", "2026-11-30T12:00:00.123Z"),
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"),
        ("9999-12-31T23:59:59.999z", "9999-12-31T23:59:59.999Z"),
    ],
)
def test_an_instant_has_one_form(given: str, read: str) -> None:
    assert START_AT.parse(given) == read
    assert instant.written(instant.since_1970_ms(read)) == read


@pytest.mark.parametrize(
    "given",
    [
        *("", "now", "2026-11-30", "2026-11-30T12:00:00", "2026-02-30T12:00:00Z", "1" * 10_000),
        *("1969-12-31T23:59:59Z", "0001-01-01T00:00:00+01:00", "2026-11-30T25:00:00Z", True, 5, []),
    ],
)
def test_what_is_no_instant_is_refused(given: Any) -> None:
    with pytest.raises(InvalidValue, match="start_at must be an instant as 2026"):
        START_AT.parse(given)


def test_the_timeline_of_a_rule() -> None:
    values = {"steps": OUTAGE, "length_ms": 10_000, "start_at": "1970-01-01T00:00:01.500Z"}
    made = timeline(values)
    assert made.steps == (TimelineStep(0), TimelineStep(8000, (("loss_ppm", 1_000_000),)))
    assert (made.length_ms, made.repeat, made.at_end) == (10_000, 1, "revert")
    assert made.start_at_ms == 1500
    assert timeline(dict(values)) is made
