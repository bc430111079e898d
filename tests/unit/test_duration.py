# SPDX-License-Identifier: Apache-2.0
"""Durations as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from networking_netem.client.duration import milliseconds, written


@pytest.mark.parametrize(
    ("text", "expected_ms"),
    [
        *(("0s", 0), ("8s", 8000), ("500ms", 500), ("10m", 600_000), ("2h", 7_200_000)),
        *(("1.5s", 1500), ("0.001s", 1), ("1h30m", 5_400_000), ("7d", 604_800_000)),
    ],
)
def test_a_duration_is_read(text: str, expected_ms: int) -> None:
    assert milliseconds(text) == expected_ms


@pytest.mark.parametrize(
    "text", ["", "8", "s", "8 s", "-8s", "1e3s", "0.5ms", "8x", "8s!", "1" * 99 + "s", "٣s"]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration such as 500ms, 8s"):
        milliseconds(text)


@pytest.mark.parametrize(
    ("duration_ms", "expected"),
    [
        *((0, "0ms"), (100, "100ms"), (1000, "1s"), (1500, "1.5s"), (60_000, "1m")),
        *((100_001, "1m40.001s"), (3_600_000, "1h"), (5_400_000, "1h30m"), (36_000_000, "10h")),
        (604_800_000, "7d"),
    ],
)
def test_a_duration_is_written(duration_ms: int, expected: str) -> None:
    assert written(duration_ms) == expected


@settings(deadline=None)
@given(st.integers(0, 604_800_000))
def test_what_is_written_is_read(duration_ms: int) -> None:
    assert milliseconds(written(duration_ms)) == duration_ms
