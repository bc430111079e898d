# SPDX-License-Identifier: Apache-2.0
"""When a link is measured again, and what its rows then show."""

from __future__ import annotations

from typing import Any, Dict, List, Sequence

import pytest

from netem_lab.probe.flow import Goodput, Key, NetemCount, Sample
from netem_lab.verdict import judged, sampling
from netem_lab.verdict.judging import judge
from netem_lab.verdict.row import Row, Verdict
from netem_lab.verdict.sampling import Pair
from networking_netem.domain.impairment import Impairment
from networking_netem.domain.link import Direction, Link
from networking_netem.domain.selector import PASS, Selector

PAIR = Pair("vm1", "vm2")
LOSSY = Link(egress=Impairment(loss_ppm=100_000))
EGRESS, INGRESS, TCP = Key("egress", "delay"), Key("ingress", "delay"), Key("egress", "tcp")


def sample(lost: int = 0, **different: Any) -> Sample:
    right = {
        "stalled": 0, "mean_ms": 0.0, "sd_ms": 0.0, "middle90_ms": 0.0, "offered_kbps": 480.0,
        "wire_kbps": 480.0, "duplicates": 0, "reordered": 0, "ordered": 2000, "all_sent": 2000,
        "all_received": 2000,
    }  # fmt: skip
    return Sample(sent=2000, received=2000 - lost, **{**right, **different})


class SecondLook:
    """Answers with the samples it was given, as a prober, and records the flows it was given."""

    def __init__(self, egress: Sample) -> None:
        self.runs: List[Any] = []
        self._answers = {EGRESS: egress, INGRESS: sample()}

    def run(self, stages: Sequence[Any]) -> Dict[Key, Any]:
        self.runs.append(stages)
        return self._answers


def look(asked: Link, first: Sample, second: SecondLook) -> Dict[str, Row]:
    answers = {EGRESS: first, INGRESS: sample(), TCP: Goodput(1, 1)}
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


def test_random_jitter_and_delay_too_but_only_what_was_bad_is_replaced() -> None:
    asked = Link(egress=Impairment(delay_us=100_000, jitter_us=10_000))
    second = SecondLook(sample(mean_ms=100.9, sd_ms=5.8))
    rows = look(asked, sample(mean_ms=100.1, sd_ms=6.7), second)
    assert [rows[what].verdict for what in ("one-way delay", "jitter")] == [Verdict.GOOD] * 2
    assert rows["jitter"].measured == "sd 5.80 ms; before: sd 6.70 ms"
    assert rows["one-way delay"].measured == "100.10 ms"


@pytest.mark.parametrize(
    ("asked", "first", "bad"),
    [
        (Link.CLEAN, sample(lost=1), "loss"),
        (Link.CLEAN, sample(mean_ms=0.6), "one-way delay"),
        (LOSSY, sample(lost=200, reordered=1), "reordered, doubled"),
    ],
)
def test_what_is_not_random_gets_no_second_look(asked: Link, first: Sample, bad: str) -> None:
    second = SecondLook(sample())
    rows = look(asked, first, second)
    assert [what for what, row in rows.items() if row.verdict is Verdict.BAD] == [bad]
    assert second.runs == []


def test_a_delay_is_measured_anew_while_the_machine_is_stalled_but_not_for_ever() -> None:
    late = sample(mean_ms=0.8, stalled=900)
    second = SecondLook(sample())
    delay = look(Link.CLEAN, late, second)["one-way delay"]
    assert (delay.verdict, delay.measured) == (Verdict.GOOD, "0.00 ms; before: 0.80 ms")
    assert len(second.runs) == 1
    second = SecondLook(late)
    assert look(Link.CLEAN, late, second)["one-way delay"].verdict is Verdict.BAD
    assert len(second.runs) == 2


def test_an_unsure_delay_is_measured_anew_and_stays_unsure_on_a_machine_that_stays_stalled() -> (
    None
):
    right = sample(stalled=1001)
    second = SecondLook(sample(stalled=1000))
    delay = look(Link.CLEAN, right, second)["one-way delay"]
    assert (delay.verdict, delay.measured) == (
        Verdict.GOOD,
        "0.00 ms; before: 0.00 ms, 50.0 % left out",
    )
    assert len(second.runs) == 1
    second = SecondLook(right)
    rows = look(Link.CLEAN, right, second)
    unsure = [what for what, row in rows.items() if row.verdict is Verdict.UNSURE]
    assert unsure == ["one-way delay", "jitter"]
    assert len(second.runs) == 2


def test_a_stalled_machine_is_no_excuse_for_a_loss() -> None:
    second = SecondLook(sample())
    rows = look(Link.CLEAN, sample(lost=1, reordered=1, stalled=900), second)
    assert [rows[what].verdict for what in ("loss", "reordered, doubled")] == [Verdict.BAD] * 2
    assert second.runs == []


def test_a_link_that_is_right_gets_none_and_every_answer_has_its_row() -> None:
    second = SecondLook(sample())
    rows = look(Link.CLEAN, sample(), second)
    assert list(rows) == ["one-way delay", "jitter", "loss", "reordered, doubled", "TCP goodput"]
    assert second.runs == []


LIMITED = Link(egress=Impairment(rate_kbps=10_000, burst_kbit=300))


class Rates:
    """Answers with one rate after the other, and counts the runs."""

    def __init__(self, *rates: Goodput) -> None:
        self._rates = list(rates)
        self.runs = 0

    def run(self, stages: Sequence[Any]) -> Dict[Key, Any]:
        assert [[flow.key for flow in stage] for stage in stages] == [[TCP]]
        self.runs += 1
        return {TCP: self._rates.pop(0)}


def goodput(first: Goodput, again: Rates) -> Row:
    answers = {EGRESS: sample(), INGRESS: sample(), TCP: first}
    (row,) = (r for r in judge(again, PAIR, LIMITED, answers) if r.what == "TCP goodput")
    return row


def test_a_rate_is_measured_anew_while_the_machine_is_stalled_but_not_for_ever() -> None:
    slow, right = Goodput(5_900, 6_200, stalled_share=0.4), Goodput(9_500, 10_000)
    again = Rates(slow, right)
    assert goodput(slow, again).verdict is Verdict.GOOD
    assert again.runs == 2
    again = Rates(slow, slow, right)
    assert goodput(slow, again).verdict is Verdict.UNSURE
    assert again.runs == 2


def test_a_stalled_machine_does_not_excuse_any_rate() -> None:
    slow = Goodput(4_900, 5_200, stalled_share=0.4)
    assert goodput(slow, Rates(slow, slow)).verdict is Verdict.BAD


def test_a_slow_link_on_a_machine_that_runs_is_bad_at_once() -> None:
    again = Rates()
    assert goodput(Goodput(8_000, 8_400, stalled_share=0.04), again).verdict is Verdict.BAD
    assert again.runs == 0


def test_what_has_no_verdict_has_an_unsure_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judged, "JUDGED_FIELDS", frozenset({"delay_us"}))
    rows = look(LOSSY, sample(lost=200), SecondLook(sample()))
    assert rows["loss_pct"].verdict is Verdict.UNSURE
    assert list(rows)[-1] == "loss_pct"


def test_where_selectors_may_tell_the_probe_apart_nothing_is_judged() -> None:
    selector = Selector(1, PASS, protocol=17)
    asked = LOSSY.with_selectors(Direction.EGRESS, (selector,))
    answers = {EGRESS: sample(), INGRESS: sample(), TCP: Goodput(1, 1)}
    rows = judge(SecondLook(sample()), PAIR, asked, answers)
    assert {row.verdict for row in rows if row.direction == "egress"} == {Verdict.UNSURE}
    assert Verdict.GOOD in {row.verdict for row in rows if row.direction == "ingress"}
