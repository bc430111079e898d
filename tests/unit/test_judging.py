# SPDX-License-Identifier: Apache-2.0
"""When a link gets a second look, and what the rows then say."""

from __future__ import annotations

from typing import Any, Dict, List, Sequence

import pytest

from networking_netem.lab.probe.flow import Goodput, NetemCount, Sample
from networking_netem.lab.verdict import sampling
from networking_netem.lab.verdict.asked import CLEAN_BOTH, Asked, Both
from networking_netem.lab.verdict.judging import judge
from networking_netem.lab.verdict.row import Row, Verdict
from networking_netem.lab.verdict.sampling import Pair

PAIR = Pair("vm1", "vm2")
LOSSY: Both = {**CLEAN_BOTH, "egress": Asked(loss_pct=10)}


def sample(lost: int = 0, **different: Any) -> Sample:
    right = {
        "stalled": 0, "mean_ms": 0.0, "sd_ms": 0.0, "middle90_ms": 0.0, "offered_kbps": 480.0,
        "wire_kbps": 480.0, "duplicates": 0, "reordered": 0, "ordered": 2000, "all_sent": 2000,
        "all_received": 2000,
    }  # fmt: skip
    return Sample(sent=2000, received=2000 - lost, **{**right, **different})


class SecondLook:
    """Answers once with the samples it holds, as a prober would, and remembers for what."""

    def __init__(self, egress: Sample) -> None:
        self.runs: List[Any] = []
        self._answers = {"egress delay": egress, "ingress delay": sample()}

    def run(self, stages: Sequence[Any]) -> Dict[str, Any]:
        self.runs.append(stages)
        return self._answers


def look(asked: Both, first: Sample, second: SecondLook) -> Dict[str, Row]:
    answers = {"egress delay": first, "ingress delay": sample(), "egress tcp": Goodput(1, 1)}
    rows = judge(second, PAIR, asked, answers)
    return {row.what: row for row in rows if row.direction == "egress"}


def test_a_loss_outside_its_interval_is_judged_by_a_fresh_sample() -> None:
    second = SecondLook(sample(lost=200))
    rows = look(LOSSY, sample(lost=280), second)
    assert second.runs == [[sampling.delay_flows(PAIR, LOSSY)]]
    assert rows["loss"].verdict is Verdict.GOOD
    assert rows["loss"].measured.startswith("10.00 % [")
    assert "; before: 14.00 % [" in rows["loss"].measured


def test_the_account_of_an_edit_outlives_a_second_look() -> None:
    edited = sample(lost=280, all_received=1720, netem=NetemCount(passed=1720, dropped=280))
    rows = look(LOSSY, edited, SecondLook(sample(lost=200)))
    assert "; before: " in rows["loss"].measured
    assert rows["lost by the edit"].verdict is Verdict.GOOD


def test_a_wrong_link_is_bad_twice() -> None:
    rows = look(LOSSY, sample(lost=280), SecondLook(sample(lost=270)))
    assert rows["loss"].verdict is Verdict.BAD


def test_jitter_and_delay_by_chance_too_but_only_what_was_bad_is_replaced() -> None:
    asked: Both = {**CLEAN_BOTH, "egress": Asked(delay_ms=100, delay_correlation_ms=10)}
    second = SecondLook(sample(mean_ms=100.9, sd_ms=5.8))
    rows = look(asked, sample(mean_ms=100.1, sd_ms=6.7), second)
    assert [rows[what].verdict for what in ("one-way delay", "jitter")] == [Verdict.GOOD] * 2
    assert rows["jitter"].measured == "sd 5.80 ms; before: sd 6.70 ms"
    assert rows["one-way delay"].measured == "100.10 ms"


@pytest.mark.parametrize(
    ("asked", "first", "bad"),
    [
        (CLEAN_BOTH, sample(lost=1), "loss"),
        (CLEAN_BOTH, sample(mean_ms=0.6), "one-way delay"),
        (LOSSY, sample(lost=200, reordered=1), "reordered, doubled"),
    ],
)
def test_what_chance_has_no_part_in_gets_no_second_look(
    asked: Both, first: Sample, bad: str
) -> None:
    second = SecondLook(sample())
    rows = look(asked, first, second)
    assert [what for what, row in rows.items() if row.verdict is Verdict.BAD] == [bad]
    assert second.runs == []


def test_a_link_that_is_right_gets_none_and_every_answer_has_its_row() -> None:
    second = SecondLook(sample())
    rows = look(LOSSY, sample(lost=200), second)
    assert list(rows) == ["one-way delay", "jitter", "loss", "reordered, doubled", "TCP goodput"]
    assert second.runs == []
