# SPDX-License-Identifier: Apache-2.0
"""A recording becomes steps that a rule takes; what that loses is little, and said."""

from __future__ import annotations

import json
import math
import random
from typing import List, Tuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from networking_netem.client.trace.thinning import (
    LEAST_APART_MS,
    MOST_JSON_BYTES,
    MOST_STEPS,
    thinned,
)
from networking_netem.client.trace.trace import QUANTITIES, Recording, Trace


def recording(*samples: Tuple[float, ...], names: str = "max_kbps delay_ms") -> Trace:
    made = Recording(*names.split())
    for duration_ms, *values in samples:
        made.add(duration_ms, *values)
    return made.trace()


def test_a_short_recording_stays_as_it_is() -> None:
    result = thinned(recording((1000, 500, 20.5), (250.4, 700, 20.5)))
    assert result.steps == [
        {"at_ms": 0, "max_kbps": 500, "delay_ms": 20.5},
        {"at_ms": 1000, "max_kbps": 700, "delay_ms": 20.5},
    ]
    assert result.length_ms == 1250
    assert result.rmse == pytest.approx({"max_kbps": 0, "delay_ms": 0})


def test_a_short_sample_fills_up_with_what_follows_only() -> None:
    result = thinned(recording((20, 100), (5000, 200), (30, 400), names="max_kbps"))
    assert result.steps == [
        {"at_ms": 0, "max_kbps": 180},
        {"at_ms": 100, "max_kbps": 200},
        {"at_ms": 5020, "max_kbps": 400},
    ]
    assert result.length_ms == 5050
    # 80 off for 20 ms and 20 off for 80 ms.
    assert result.rmse["max_kbps"] == pytest.approx(math.sqrt((80**2 * 20 + 20**2 * 80) / 5050))


def test_what_differs_least_is_merged_first() -> None:
    trace = recording((1000, 100), (1000, 101), (1000, 900), (9000, 902), names="max_kbps")
    steps = thinned(trace, most_steps=3).steps
    assert [step["at_ms"] for step in steps] == [0, 2000, 3000]
    result = thinned(trace, most_steps=2)
    assert [step["at_ms"] for step in result.steps] == [0, 2000]
    assert result.steps[1]["max_kbps"] == 902
    assert result.means["max_kbps"] == pytest.approx(768.25)


def test_an_outage_of_a_moment_outlives_much_noise() -> None:
    chance = random.Random(14)
    samples = [(1000.0, 20_000 + chance.gauss(0, 100), 20.0) for _ in range(30_000)]
    samples[17_777] = (200, 1, 20.0)
    result = thinned(recording(*samples))
    assert len(result.steps) <= MOST_STEPS
    (outage,) = (index for index, step in enumerate(result.steps) if step["max_kbps"] == 1)
    assert result.steps[outage]["at_ms"] == 17_777_000
    assert result.steps[outage + 1]["at_ms"] == 17_777_200


def test_many_quantities_are_kept_within_the_bytes_of_a_rule() -> None:
    chance = random.Random(14)
    samples = [(60_000.0, *(chance.random() * 1000 for _ in range(6))) for _ in range(5000)]
    names = "max_kbps delay_ms delay_correlation_ms loss_pct loss_burst_packets duplicate_pct"
    samples = [(ms, *values[:3], values[3] / 10, 1, values[5] / 10) for ms, *values in samples]
    result = thinned(recording(*samples, names=names))
    assert len(json.dumps(result.steps, separators=(",", ":"))) <= MOST_JSON_BYTES
    assert len(result.steps) > 400


def test_losses_in_runs_stay_what_a_rule_takes() -> None:
    names = "loss_pct loss_burst_packets"
    # The mean of half lost in runs and all lost has runs that are too short for it.
    trace = recording((1000, 50, 3.0), (1000, 100, 1.0), names=names)
    assert thinned(trace, most_steps=1).steps == [
        {"at_ms": 0, "loss_pct": 75, "loss_burst_packets": 1}
    ]
    trace = recording((1000, 20, 3.0), (1000, 40, 3.5), names=names)
    assert thinned(trace, most_steps=1).steps[0]["loss_burst_packets"] == 3.25


SAMPLES = st.lists(
    st.tuples(
        st.floats(0.001, 2000, allow_nan=False),
        st.integers(1, 100_000_000),
        st.floats(0, 60_000, allow_nan=False),
    ),
    min_size=1,
    max_size=60,
)


@settings(deadline=None)
@given(SAMPLES, st.integers(1, 20))
def test_steps_are_what_a_timeline_takes(samples: List[Tuple], most_steps: int) -> None:
    trace = recording(*samples)
    result = thinned(trace, most_steps)
    times = [step["at_ms"] for step in result.steps]
    assert times[0] == 0
    assert len(times) <= most_steps
    assert all(two - one >= LEAST_APART_MS for one, two in zip(times, times[1:]))
    assert times[-1] < result.length_ms
    # Times are rounded, and the last step has a millisecond at least.
    assert abs(result.length_ms - trace.length_ms) <= 1.5
    for step in result.steps:
        for name in ("max_kbps", "delay_ms"):
            assert QUANTITIES[name].parse(step[name]) == step[name]


@pytest.mark.timeout(60)
def test_many_samples_are_thinned_in_a_time_that_grows_with_their_number() -> None:
    chance = random.Random(14)
    trace = recording(*((500, 1 + chance.random()) for _ in range(100_000)), names="max_kbps")
    assert len(thinned(trace).steps) <= MOST_STEPS
