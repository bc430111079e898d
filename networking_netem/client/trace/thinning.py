# SPDX-License-Identifier: Apache-2.0
"""A recording as the steps of a timeline: few enough, far enough apart, and what that costs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Sequence, Tuple

from networking_netem.client.trace.segments import Segments, apart
from networking_netem.client.trace.trace import QUANTITIES, Trace
from networking_netem.domain.attribute import plain
from networking_netem.domain.loss import least_burst_packets
from networking_netem.domain.rule_types import LOSS_BURST_PACKETS, LOSS_PCT
from networking_netem.domain.steps import MOST_STEPS, text

LEAST_APART_MS = 100
MOST_JSON_BYTES = 60 * 1024
"""Less than the 65535 that steps may have, so that a few more can be added by hand."""


@dataclass(frozen=True)
class Thinned:
    """The steps of one round, and the root of the mean squared error of each quantity over time."""

    steps: Sequence[Dict[str, Any]]
    length_ms: int
    repeat: int
    rmse: Mapping[str, float]
    means: Mapping[str, float]
    """The means of the recording over time."""


def thinned(
    trace: Trace, most_steps: int = MOST_STEPS, most_json_bytes: int = MOST_JSON_BYTES
) -> Thinned:
    """Return the steps that lose least of a recording."""
    durations_ms, values = zip(*apart(trace, LEAST_APART_MS))
    segments = Segments(durations_ms, values)
    segments.merge_to(most_steps)
    steps = _steps(trace, segments)
    while json_bytes(steps) > most_json_bytes:
        fits = len(steps) * most_json_bytes // json_bytes(steps)
        segments.merge_to(min(fits, len(steps) - 1))
        steps = _steps(trace, segments)
    length_ms = max(_rounded(trace.length_ms), steps[-1]["at_ms"] + 1)
    return Thinned(steps, length_ms, trace.repeat, *_errors(trace, steps))


def json_bytes(steps: Sequence[Dict[str, Any]]) -> int:
    """Return how long the steps are as JSON."""
    return len(text(steps))


def _steps(trace: Trace, segments: Segments) -> List[Dict[str, Any]]:
    steps, at_ms = [], 0.0
    for duration_ms, values in segments:
        steps.append({"at_ms": _rounded(at_ms), **_valid(dict(zip(trace.columns, values)))})
        at_ms += duration_ms
    return steps


def _valid(values: Dict[str, float]) -> Dict[str, Any]:
    """Values as rules take them: with the decimals that they may have, and runs that can be."""
    valid = {name: plain(round(value, QUANTITIES[name].decimals)) for name, value in values.items()}
    burst = LOSS_BURST_PACKETS.name
    if burst in valid:
        loss = valid[LOSS_PCT.name] / 100
        if loss >= 1 or valid[burst] < round(least_burst_packets(loss) + 0.005, 2):
            valid[burst] = LOSS_BURST_PACKETS.minimum
    return valid


def _errors(
    trace: Trace, steps: Sequence[Dict[str, Any]]
) -> Tuple[Dict[str, float], Dict[str, float]]:
    """The root mean squared errors of steps against their recording, and its means."""
    edges = [*(step["at_ms"] for step in steps[1:]), math.inf]
    squares = dict.fromkeys(trace.columns, 0.0)
    sums = dict.fromkeys(trace.columns, 0.0)
    index, at_ms = 0, 0.0
    for duration_ms, (_, values) in zip(trace.durations_ms(), trace.samples()):
        end_ms = at_ms + duration_ms
        while at_ms < end_ms:
            until_ms = min(end_ms, edges[index])
            for name, value in values.items():
                sums[name] += value * (until_ms - at_ms)
                squares[name] += (value - steps[index][name]) ** 2 * (until_ms - at_ms)
            at_ms = until_ms
            index += at_ms >= edges[index]
    total_ms = trace.length_ms
    rmse = {name: math.sqrt(each / total_ms) for name, each in squares.items()}
    return rmse, {name: each / total_ms for name, each in sums.items()}


def _rounded(ms: float) -> int:
    # Halves go up, so what is 100 ms apart stays so.
    return math.floor(ms + 0.5)
