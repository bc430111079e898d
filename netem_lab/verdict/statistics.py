# SPDX-License-Identifier: Apache-2.0
"""The exact confidence interval of a share that was counted."""

from __future__ import annotations

import math
from typing import Tuple

CONFIDENCE = 0.99
"""Of the intervals that verdicts go by."""


def clopper_pearson(hits: int, trials: int, confidence: float = 0.99) -> Tuple[float, float]:
    """Return the exact interval of a binomial probability, 0 <= `hits` <= `trials` > 0.

    Source: C. J. Clopper, E. S. Pearson, Biometrika 26 (1934), 404-413. At each end, a count as
    extreme as `hits` has the probability (1 - confidence) / 2. Raises ValueError out of range.
    """
    if not 0 <= hits <= trials or trials < 1:
        raise ValueError(f"need 0 <= hits <= trials and trials >= 1, not {hits} of {trials}")
    tail = (1 - confidence) / 2
    return _lower(hits, trials, tail), 1 - _lower(trials - hits, trials, tail)


def _lower(hits: int, trials: int, tail: float) -> float:
    """Return the p at which `hits` or more have probability `tail`, by bisection."""
    if hits == 0:
        return 0.0
    low, high = 0.0, hits / trials
    for _ in range(60):
        middle = (low + high) / 2
        if _at_least(hits, trials, middle) < tail:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _at_least(hits: int, trials: int, p: float) -> float:
    """Return P(X >= hits) of a binomial X, for 0 < p <= hits / trials: its terms only fall."""
    if p == 1:
        return 1.0
    term = math.exp(
        math.lgamma(trials + 1)
        - math.lgamma(hits + 1)
        - math.lgamma(trials - hits + 1)
        + hits * math.log(p)
        + (trials - hits) * math.log1p(-p)
    )
    total = term
    for k in range(hits, trials):
        term *= (trials - k) / (k + 1) * p / (1 - p)
        total += term
        if term < total * 1e-16:
            break
    return total
