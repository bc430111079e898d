# SPDX-License-Identifier: Apache-2.0
"""Steps are read from a command line and from JSON."""

from __future__ import annotations

import re

import pytest

from networking_netem.client.step_text import document, step


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0s delay_ms=100 loss_pct=5", {"at_ms": 0, "delay_ms": 100, "loss_pct": 5}),
        ("1.5s", {"at_ms": 1500}),
        (" 2m  max_kbps=1e3 ramp ", {"at_ms": 120_000, "max_kbps": 1000, "ramp": True}),
    ],
)
def test_a_step_is_read(text: str, expected: dict) -> None:
    assert step(text) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a step is 'TIME"),
        ("delay_ms=5", "'delay_ms=5' is not a duration"),
        ("0s delay_ms", "'delay_ms' is not NAME=NUMBER, with a name of max_kbps, delay_ms"),
        ("0s smell=5", "'smell=5' is not NAME=NUMBER"),
        ("0s delay_ms=60001", "delay_ms must be a number from 0 to 60000 milliseconds"),
        ("0s delay_ms=1 delay_ms=2", "has delay_ms twice"),
        ("0s ramp ramp", "has ramp twice"),
    ],
)
def test_what_is_no_step_says_why(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        step(text)


def test_a_document_is_a_list_of_steps_or_what_show_prints() -> None:
    assert document('[{"at_ms": 0}]') == ([{"at_ms": 0}], {})
    shown = '{"id": "5", "steps": [{"at_ms": 0}], "length_ms": 10, "repeat": 0, "state": "over"}'
    assert document(shown) == ([{"at_ms": 0}], {"length_ms": 10, "repeat": 0})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        *(("{", "this is no JSON"), ("5", "neither a list"), ('{"steps":5}', "neither a list")),
        ("[" * 100_000, "nested too deep"),
    ],
)
def test_what_is_no_document_says_why(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        document(text)
