# SPDX-License-Identifier: Apache-2.0
"""Measures a link by the probe, and judges the answers."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, Callable, List, Mapping, Sequence

from netem_lab.probe.flow import Datagrams, Flow, Goodput, Sample
from netem_lab.probe.prober import Answers, Prober
from netem_lab.verdict import counts, delays, moving, rates, sampling, selection, shares
from netem_lab.verdict.delays import NOT_KNOWN, Clean
from netem_lab.verdict.judged import unjudged
from netem_lab.verdict.row import Row
from netem_lab.verdict.sampling import Pair
from networking_netem.domain.impairment import Impairment
from networking_netem.domain.link import Direction, Link

NO_CLEAN: Mapping[Direction, Clean] = dict.fromkeys(Direction, NOT_KNOWN)
"""For a link whose delay without impairment is not known."""

_ORDER = [direction.value for direction in Direction]


def probe(prober: Prober, pair: Pair, asked: Link) -> Answers:
    """Send the flows that both directions need, and return the answers."""
    busy = ([flow] for flow in _large(pair, asked))
    return prober.run([sampling.delay_flows(pair, asked), *busy])


def judge(
    prober: Prober,
    pair: Pair,
    asked: Link,
    answers: Answers,
    clean: Mapping[Direction, Clean] = NO_CLEAN,
    metered: bool = False,
) -> List[Row]:
    """Return the rows of both directions; `clean` is the delay of the clean link, by direction.

    `metered` says that a limit without delay and loss is a meter's.

    A row in doubt is measured again, as often as its doubt allows, and then shows all figures.
    A field that is asked for and has no verdict gets an unsure row. So does each figure of a
    direction whose selectors may tell the probe's packets apart, or whose timeline runs.
    """
    judged = partial(rows_of, asked, clean, metered=metered)
    rows = _final(prober, sampling.delay_flows(pair, asked), answers, judged)
    for flow in _large(pair, asked):
        if flow.key in answers:
            rows += _final(prober, [flow], answers, judged)
    for direction in Direction:
        rows += unjudged(direction, asked[direction])
    rows = [moving.judged(asked, selection.judged(asked, row)) for row in rows]
    return sorted(rows, key=lambda row: _ORDER.index(row.direction))


def _large(pair: Pair, asked: Link) -> List[Flow]:
    """The flows of large packets; each runs alone."""
    return [
        *sampling.corruptible_flows(pair, asked),
        *sampling.busy_flows(pair, asked),
        *sampling.transfers(pair, asked),
    ]


def _final(
    prober: Prober,
    flows: Sequence[Flow],
    answers: Answers,
    judged: Callable[[Flow, Any], List[Row]],
) -> List[Row]:
    """Return the rows of these flows; those in doubt are measured again."""
    rows, tries = _all_rows(flows, answers, judged), 1
    while any(tries < row.doubt.tries for row in rows):
        fresh = {
            (row.direction, row.what): row for row in _all_rows(flows, prober.run([flows]), judged)
        }
        rows = [
            _replaced(row, fresh[row.direction, row.what]) if tries < row.doubt.tries else row
            for row in rows
        ]
        tries += 1
    return rows


def _all_rows(
    flows: Sequence[Flow], answers: Answers, judged: Callable[[Flow, Any], List[Row]]
) -> List[Row]:
    return [row for flow in flows for row in judged(flow, answers[flow.key])]


def rows_of(
    asked: Link,
    clean: Mapping[Direction, Clean],
    flow: Any,
    answer: Any,
    metered: bool = False,
) -> List[Row]:
    """Return the rows of one flow's answer."""
    direction = Direction(flow.key.direction)
    impairment = asked[direction]
    if isinstance(answer, Goodput):
        return [rates.goodput(direction, impairment, answer, metered)]
    if flow.key.kind == sampling.UDP:
        return [rates.throughput(direction, impairment, answer)]
    sample: Sample = answer
    if flow.key.kind == sampling.CORRUPT:
        return [shares.corrupt(direction, impairment, sample, flow)]
    return [
        delays.delay(direction, impairment, sample, clean[direction]),
        delays.jitter(direction, impairment, sample),
        counts.loss(direction, impairment, sample),
        *([counts.runs(direction, impairment, sample)] if impairment.loses_in_runs else []),
        *_order(direction, impairment, sample, flow),
        *([counts.edit(direction, sample)] if sample.netem else []),
    ]


def _order(direction: Direction, asked: Impairment, sample: Sample, flow: Datagrams) -> List[Row]:
    if not asked.duplicate_ppm and not asked.reorder_ppm:
        return [counts.order(direction, sample)]
    return [
        shares.doubled(direction, asked, sample),
        shares.reordered(direction, asked, sample, flow.pps),
    ]


def _replaced(row: Row, fresh: Row) -> Row:
    return replace(fresh, measured=f"{fresh.measured}; before: {row.measured}")
