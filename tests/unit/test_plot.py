# SPDX-License-Identifier: Apache-2.0
"""A timeline is drawn as it is, down to its shortest outage."""

from __future__ import annotations

import pytest

from networking_netem.client.plot import can_show, plot

FLAP = [{"at_ms": 0}, {"at_ms": 8000, "loss_pct": 100}]


def test_a_flap_is_drawn_with_where_it_is() -> None:
    assert plot(FLAP, 10_000, at_ms=9000, width=20) == "\n".join(
        [
            "    loss ················████ 100 %",
            "         └──────────────────┘ 10s",
            "     now                   ^",
        ]
    )


def test_a_terminal_without_blocks_gets_plain_ascii() -> None:
    drawn = plot(FLAP, 10_000, at_ms=0, width=20, is_ascii=True)
    assert drawn == "\n".join(
        [
            "    loss ________________@@@@ 100 %",
            "         +------------------+ 10s",
            "     now ^",
        ]
    )
    assert drawn.isascii()


def test_each_quantity_has_a_line_in_its_own_scale() -> None:
    steps = [
        {"at_ms": 0, "max_kbps": 1000, "delay_ms": 0},
        {"at_ms": 500, "max_kbps": 500, "delay_ms": 80.5},
    ]
    rate, delay, _ = plot(steps, 1000, width=10).splitlines()
    assert rate == "    rate █████▄▄▄▄▄ 500 to 1000 kbit/s"
    assert delay == "   delay      █████ 0 to 80.5 ms"


def test_a_ramp_rises() -> None:
    steps = [{"at_ms": 0, "delay_ms": 0, "ramp": True}, {"at_ms": 800, "delay_ms": 80}]
    assert plot(steps, 1000, width=10).splitlines()[0].split()[1:4] == ["▁▂▃▄▅▆▇██", "0", "to"]


def test_the_last_ramp_leads_to_the_first_step() -> None:
    steps = [{"at_ms": 0, "delay_ms": 10}, {"at_ms": 500, "delay_ms": 20, "ramp": True}]
    assert plot(steps, 1000, width=10).splitlines()[0].split()[1] == "▄▄▄▄▄█▇▆▆▅"


@pytest.mark.parametrize("at_ms", [1, 500_050, 999_800])
def test_an_outage_that_is_shorter_than_a_column_is_drawn(at_ms: int) -> None:
    steps = [
        {"at_ms": 0, "max_kbps": 1000},
        {"at_ms": at_ms, "max_kbps": 1},
        {"at_ms": at_ms + 100, "max_kbps": 1000},
    ]
    assert "▁" in plot(steps, 1_000_000, width=40).splitlines()[0]


def test_what_begins_with_a_spike_shows_it_too() -> None:
    steps = [{"at_ms": 0, "delay_ms": 40}, {"at_ms": 300, "delay_ms": 10}]
    assert plot(steps, 10_000, width=10).splitlines()[0] == "   delay █▂▂▂▂▂▂▂▂▂ 10 to 40 ms"


def test_a_step_without_values_draws_an_axis() -> None:
    assert plot([{"at_ms": 0}], 1000, width=10) == "         └────────┘ 1s"


@pytest.mark.parametrize(
    ("encoding", "can"),
    [
        *(("utf-8", True), ("UTF-8", True), ("ascii", False), ("latin-1", False)),
        *((None, False), ("no-such", False)),
    ],
)
def test_blocks_are_for_terminals_that_have_them(encoding: str, can: bool) -> None:
    assert can_show(encoding) == can
