# SPDX-License-Identifier: Apache-2.0
"""One look at a link: what is sent to judge it, and the rows that come of the answers."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, Callable, Dict, List, Mapping, Sequence

from netem_lab.probe.flow import Sample
from netem_lab.probe.prober import Flow, Prober
from netem_lab.verdict import sampling, verdicts
from netem_lab.verdict.asked import DIRECTIONS, Asked, Both
from netem_lab.verdict.row import Row, Verdict
from netem_lab.verdict.sampling import Pair

NO_CLEAN_MS: Mapping[str, float] = dict.fromkeys(DIRECTIONS, 0.0)
"""For a link whose own delay is not known."""

STILL = 0.05
"""A machine that stands still for a larger share spoils what is measured of time."""
TRIES_BY_CHANCE, TRIES_STILL = 2, 3
"""How often it is measured, at most, what is bad by chance or while the machine stood still."""

_BY_CHANCE: Mapping[str, Callable[[Asked], bool]] = {
    verdicts.DELAY: lambda asked: asked.sd_ms > 0,
    verdicts.JITTER: lambda asked: asked.sd_ms > 0,
    verdicts.LOSS: lambda asked: 0 < asked.loss_pct < 100,
}
_RATES = (verdicts.THROUGHPUT, verdicts.GOODPUT)


def sound(prober: Prober, pair: Pair, asked: Both) -> Dict[str, Any]:
    """Send what it takes to judge both directions, and return the answers by name of flow."""
    return prober.run(
        [
            sampling.delay_flows(pair, asked),
            *([flow] for flow in sampling.busy_flows(pair, asked)),
            *([flow] for flow in sampling.transfers(pair, asked)),
        ]
    )


def judge(
    prober: Prober,
    pair: Pair,
    asked: Both,
    answers: Mapping[str, Any],
    clean_ms: Mapping[str, float] = NO_CLEAN_MS,
) -> List[Row]:
    """Return the rows of both directions; `clean_ms` is what each takes by itself.

    A verdict that chance has a part in is bad for a right link 1 time in 60 or less, and one of
    time on a machine that stands still: they get fresh samples, and their rows say so.
    """

    def sampled(answers: Mapping[str, Any]) -> List[Row]:
        return [
            row
            for d in DIRECTIONS
            for row in _sampled(d, asked[d], answers[f"{d} delay"], clean_ms[d])
        ]

    rows = _settled(prober, asked, sampling.delay_flows(pair, asked), answers, sampled)
    busy: List[Flow] = [*sampling.busy_flows(pair, asked), *sampling.transfers(pair, asked)]
    for flow in busy:
        if flow.name in answers:
            carried = partial(_carried, flow.name, asked)
            rows += _settled(prober, asked, [flow], answers, carried)
    return sorted(rows, key=lambda row: DIRECTIONS.index(row.direction))


def _settled(
    prober: Prober,
    asked: Both,
    flows: Sequence[Flow],
    answers: Mapping[str, Any],
    rows_of: Callable[[Mapping[str, Any]], List[Row]],
) -> List[Row]:
    """Return the rows of the answers to these flows, with fresh ones for those in doubt."""
    rows, tries = rows_of(answers), 1
    while True:
        still = max(answers[flow.name].stalled_share for flow in flows) > STILL
        doubted = [_is_doubted(row, asked, still, tries) for row in rows]
        if not any(doubted):
            return rows
        answers, tries = prober.run([flows]), tries + 1
        fresh = {(row.direction, row.what): row for row in rows_of(answers)}
        rows = [
            _replaced(row, fresh[row.direction, row.what]) if is_doubted else row
            for row, is_doubted in zip(rows, doubted)
        ]


def _sampled(direction: str, asked: Asked, sample: Sample, clean_ms: float) -> List[Row]:
    """What small packets tell."""
    return [
        verdicts.delay(direction, asked, sample, clean_ms),
        verdicts.jitter(direction, asked, sample),
        verdicts.loss(direction, asked, sample),
        verdicts.order(direction, sample),
        *([verdicts.edit(direction, sample)] if sample.netem else []),
    ]


def _carried(name: str, asked: Both, answers: Mapping[str, Any]) -> List[Row]:
    """What a flow tells that offers more than the link takes."""
    direction, kind = name.split()
    verdict: Callable[..., Row] = verdicts.throughput if kind == "udp" else verdicts.goodput
    return [verdict(direction, asked[direction], answers[name])]


def _is_doubted(row: Row, asked: Both, still: bool, tries: int) -> bool:
    """Whether the row is not good after so many tries, and that may be no fault of the link's."""
    of = asked[row.direction]
    if still and row.what in _RATES and of.max_kbps:
        return row.verdict is not Verdict.GOOD and tries < TRIES_STILL
    if row.verdict is not Verdict.BAD:
        return False
    if still and row.what in (verdicts.DELAY, verdicts.JITTER):
        return tries < TRIES_STILL
    by_chance = row.what in _BY_CHANCE and _BY_CHANCE[row.what](of)
    return by_chance and tries < TRIES_BY_CHANCE


def _replaced(row: Row, fresh: Row) -> Row:
    return replace(fresh, measured=f"{fresh.measured}; before: {row.measured}")
