# SPDX-License-Identifier: Apache-2.0
"""What is sent to judge a link, and the rows that come of the answers."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, Callable, List, Mapping, Sequence

from netem_lab.probe.flow import Flow, Goodput, Sample
from netem_lab.probe.prober import Answers, Prober
from netem_lab.verdict import counts, delays, rates, sampling
from netem_lab.verdict.judged import unjudged
from netem_lab.verdict.row import Row
from netem_lab.verdict.sampling import Pair
from networking_netem.domain.link import Direction, Link

NO_CLEAN_MS: Mapping[Direction, float] = dict.fromkeys(Direction, 0.0)
"""For a link whose own delay is not known."""

_ORDER = [direction.value for direction in Direction]


def sound(prober: Prober, pair: Pair, asked: Link) -> Answers:
    """Send what it takes to judge both directions, and return the answers."""
    busy = ([flow] for flow in _busy(pair, asked))
    return prober.run([sampling.delay_flows(pair, asked), *busy])


def judge(
    prober: Prober,
    pair: Pair,
    asked: Link,
    answers: Answers,
    clean_ms: Mapping[Direction, float] = NO_CLEAN_MS,
) -> List[Row]:
    """Return the rows of both directions; `clean_ms` is what each direction takes by itself.

    A row that is in doubt gets fresh samples, as many as its doubt allows, and shows all figures.
    What is asked for and has no verdict gets an unsure row.
    """
    told = partial(_rows, asked, clean_ms)
    rows = _settled(prober, sampling.delay_flows(pair, asked), answers, told)
    for flow in _busy(pair, asked):
        if flow.key in answers:
            rows += _settled(prober, [flow], answers, told)
    for direction in Direction:
        rows += unjudged(direction, asked[direction])
    return sorted(rows, key=lambda row: _ORDER.index(row.direction))


def _busy(pair: Pair, asked: Link) -> List[Flow]:
    """The flows that keep a link busy; each runs alone."""
    return [*sampling.busy_flows(pair, asked), *sampling.transfers(pair, asked)]


def _settled(
    prober: Prober,
    flows: Sequence[Flow],
    answers: Answers,
    rows_of: Callable[[Flow, Any], List[Row]],
) -> List[Row]:
    """Return the rows of the answers to these flows, with fresh ones for those in doubt."""
    rows, tries = _all_rows(flows, answers, rows_of), 1
    while any(tries < row.doubt.tries for row in rows):
        fresh = {
            (row.direction, row.what): row for row in _all_rows(flows, prober.run([flows]), rows_of)
        }
        rows = [
            _replaced(row, fresh[row.direction, row.what]) if tries < row.doubt.tries else row
            for row in rows
        ]
        tries += 1
    return rows


def _all_rows(
    flows: Sequence[Flow], answers: Answers, rows_of: Callable[[Flow, Any], List[Row]]
) -> List[Row]:
    return [row for flow in flows for row in rows_of(flow, answers[flow.key])]


def _rows(asked: Link, clean_ms: Mapping[Direction, float], flow: Flow, answer: Any) -> List[Row]:
    """Return what the answer to one flow tells of its direction."""
    direction = Direction(flow.key.direction)
    impairment = asked[direction]
    if isinstance(answer, Goodput):
        return [rates.goodput(direction, impairment, answer)]
    if flow.key.kind == sampling.UDP:
        return [rates.throughput(direction, impairment, answer)]
    sample: Sample = answer
    return [
        delays.delay(direction, impairment, sample, clean_ms[direction]),
        delays.jitter(direction, impairment, sample),
        counts.loss(direction, impairment, sample),
        counts.order(direction, sample),
        *([counts.edit(direction, sample)] if sample.netem else []),
    ]


def _replaced(row: Row, fresh: Row) -> Row:
    return replace(fresh, measured=f"{fresh.measured}; before: {row.measured}")
