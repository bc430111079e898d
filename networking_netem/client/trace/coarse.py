# SPDX-License-Identifier: Apache-2.0
"""A recording of very many segments with fewer, in a time that grows with their number only."""

from __future__ import annotations

from typing import List, Sequence, Tuple

Values = Tuple[float, ...]

MANY = 20_000
"""So many segments are left for a search among all neighbours."""


def coarse(
    durations_ms: Sequence[float], values: Sequence[Values], weights: Sequence[float]
) -> Tuple[List[float], List[Values]]:
    """Return durations and values of ``MANY`` segments at most.

    In each pass, of all pairs of neighbours the half is merged that it costs less.
    """
    durations_ms, values = list(durations_ms), list(values)
    while len(values) > MANY:
        durations_ms, values = _pass(durations_ms, values, weights)
    return durations_ms, values


def distance(weights: Sequence[float], one: Values, another: Values) -> float:
    """Return the weighted square of the distance between two values."""
    total = 0.0
    for index, weight in enumerate(weights):
        total += weight * (one[index] - another[index]) ** 2
    return total


def mean(one_ms: float, one: Values, another_ms: float, another: Values) -> Values:
    """Return the mean over time of two values that hold for so long."""
    share = one_ms / (one_ms + another_ms)
    return tuple(a * share + b * (1 - share) for a, b in zip(one, another))


def variance_weights(durations_ms: Sequence[float], values: Sequence[Values]) -> List[float]:
    """Return one over the variance of each quantity, 0 where it is constant."""
    total_ms = sum(durations_ms)
    weights = []
    for column in zip(*values):
        middle = sum(ms * value for ms, value in zip(durations_ms, column)) / total_ms
        squares = sum(ms * (value - middle) ** 2 for ms, value in zip(durations_ms, column))
        weights.append(total_ms / squares if squares > 0 else 0.0)
    return weights


def _pass(
    durations_ms: List[float], values: List[Values], weights: Sequence[float]
) -> Tuple[List[float], List[Values]]:
    costs = []
    for index in range(0, len(values) - 1, 2):
        one_ms, other_ms = durations_ms[index], durations_ms[index + 1]
        squares = distance(weights, values[index], values[index + 1])
        costs.append(squares * one_ms * other_ms / (one_ms + other_ms))
    dear = sorted(costs)[len(costs) // 2]
    kept_ms: List[float] = []
    kept: List[Values] = []
    for pair, cost in enumerate(costs):
        one, other = 2 * pair, 2 * pair + 1
        if cost <= dear:
            kept_ms.append(durations_ms[one] + durations_ms[other])
            kept.append(mean(durations_ms[one], values[one], durations_ms[other], values[other]))
        else:
            kept_ms += durations_ms[one : other + 1]
            kept += values[one : other + 1]
    if len(values) % 2:
        kept_ms.append(durations_ms[-1])
        kept.append(values[-1])
    return kept_ms, kept
