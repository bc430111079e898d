# SPDX-License-Identifier: Apache-2.0
"""One look at a link: what is sent to judge it, and the rows that come of the answers."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping

from networking_netem.lab import sampling, verdicts
from networking_netem.lab.asked import DIRECTIONS, Both
from networking_netem.lab.prober import Prober
from networking_netem.lab.row import Row, Verdict
from networking_netem.lab.sampling import Pair

NO_CLEAN_MS: Mapping[str, float] = dict.fromkeys(DIRECTIONS, 0.0)
"""For a link whose own delay is not known."""


def sound(prober: Prober, pair: Pair, asked: Both) -> Dict[str, Any]:
    """Send what it takes to judge both directions, and return the answers by name of flow."""
    answers = prober.run(
        [
            sampling.delay_flows(pair, asked),
            *([flow] for flow in sampling.busy_flows(pair, asked)),
            *([flow] for flow in sampling.transfers(pair, asked)),
        ]
    )
    return second_opinion(prober, pair, asked, answers)


def second_opinion(
    prober: Prober, pair: Pair, asked: Both, answers: Dict[str, Any]
) -> Dict[str, Any]:
    """Add a fresh sample for a loss outside its interval: a right link's is 1 time in 100."""
    doubted = [
        direction
        for direction in DIRECTIONS
        if 0 < asked[direction].loss_pct < 100
        and verdicts.loss(direction, asked[direction], answers[f"{direction} delay"]).verdict
        is Verdict.BAD
    ]
    if not doubted:
        return answers
    again = prober.run([sampling.delay_flows(pair, asked)])
    fresh = {f"{direction} loss": again[f"{direction} delay"] for direction in doubted}
    return {**answers, **fresh}


def rows(asked: Both, answers: Mapping[str, Any], clean_ms: Mapping[str, float]) -> List[Row]:
    """Return the rows of both directions; `clean_ms` is what each takes by itself."""
    found = []
    for direction in DIRECTIONS:
        wanted = asked[direction]
        sample = answers[f"{direction} delay"]
        fresh = answers.get(f"{direction} loss")
        found += [
            verdicts.delay(direction, wanted, sample, clean_ms[direction]),
            verdicts.jitter(direction, wanted, sample),
            verdicts.loss(direction, wanted, fresh, sample)
            if fresh
            else verdicts.loss(direction, wanted, sample),
            verdicts.order(direction, sample),
        ]
        if sample.netem:
            found.append(verdicts.edit(direction, sample))
        if f"{direction} udp" in answers:
            found.append(verdicts.throughput(direction, wanted, answers[f"{direction} udp"]))
        if f"{direction} tcp" in answers:
            found.append(verdicts.goodput(direction, wanted, answers[f"{direction} tcp"]))
    return found
