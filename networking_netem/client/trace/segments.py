# SPDX-License-Identifier: Apache-2.0
"""A recording as segments of constant values, which are merged where that loses least."""

from __future__ import annotations

import heapq
from typing import Iterator, Sequence, Tuple

from networking_netem.client.trace.coarse import (
    Values,
    coarse,
    distance,
    mean,
    variance_weights,
)
from networking_netem.client.trace.trace import Trace


def apart(trace: Trace, gap_ms: int) -> Iterator[Tuple[float, Values]]:
    """Yield durations and mean values of segments that are ``gap_ms`` long or longer.

    The last may be shorter. A sample that is shorter fills up with a part of those that follow.
    """
    held_ms, sums = 0.0, [0.0] * len(trace.columns)
    for left_ms, values in zip(trace.durations_ms(), zip(*trace.columns.values())):
        if held_ms:
            taken_ms = min(left_ms, gap_ms - held_ms)
            held_ms += taken_ms
            left_ms -= taken_ms
            sums = [total + taken_ms * value for total, value in zip(sums, values)]
            if held_ms < gap_ms:
                continue
            yield held_ms, tuple(total / held_ms for total in sums)
            held_ms = 0.0
        if left_ms >= gap_ms:
            yield left_ms, values
        elif left_ms > 0:
            held_ms, sums = left_ms, [left_ms * value for value in values]
    if held_ms:
        yield held_ms, tuple(total / held_ms for total in sums)


class Segments:
    """Segments in their order; each merge is of the two neighbours that it costs least.

    The cost is the squared error over time, each quantity in units of its own variance.
    """

    def __init__(self, durations_ms: Sequence[float], values: Sequence[Values]) -> None:
        weights = variance_weights(durations_ms, values)
        self._durations_ms, self._values = coarse(durations_ms, values, weights)
        values = self._values
        self._next = list(range(1, len(values) + 1))
        self._before = list(range(-1, len(values) - 1))
        self._version = [0] * len(values)
        self._weights = weights
        self.count = len(values)
        self._heap = [(self._cost(each), each, 0) for each in range(len(values) - 1)]
        heapq.heapify(self._heap)

    def merge_to(self, count: int) -> None:
        """Merge until there are ``count`` at most, and all those that it costs nothing."""
        while self._heap and (self.count > count or self._heap[0][0] <= 0):
            _, index, version = heapq.heappop(self._heap)
            if version == self._version[index]:
                self._merge(index)

    def __iter__(self) -> Iterator[Tuple[float, Values]]:
        """Yield the duration and the values of each."""
        index = 0
        while index < len(self._values):
            yield self._durations_ms[index], self._values[index]
            index = self._next[index]

    def _merge(self, index: int) -> None:
        other = self._next[index]
        one_ms, other_ms = self._durations_ms[index], self._durations_ms[other]
        self._values[index] = mean(one_ms, self._values[index], other_ms, self._values[other])
        self._durations_ms[index] = one_ms + other_ms
        self._version[other] = -1
        self._next[index] = self._next[other]
        if self._next[index] < len(self._values):
            self._before[self._next[index]] = index
        self.count -= 1
        self._push(index)
        if self._before[index] >= 0:
            self._push(self._before[index])

    def _push(self, index: int) -> None:
        self._version[index] += 1
        if self._next[index] < len(self._values):
            heapq.heappush(self._heap, (self._cost(index), index, self._version[index]))

    def _cost(self, index: int) -> float:
        other = self._next[index]
        one_ms, other_ms = self._durations_ms[index], self._durations_ms[other]
        squares = distance(self._weights, self._values[index], self._values[other])
        return squares * one_ms * other_ms / (one_ms + other_ms)
