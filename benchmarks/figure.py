# SPDX-License-Identifier: Apache-2.0
"""A figure: what was measured, how often, how far it spread, and the bound that it has to keep."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import Dict, Optional, Sequence


@dataclass(frozen=True)
class Figure:
    """``values`` are in ``unit``; ``bound`` is the most for their median, or None."""

    name: str
    values: Sequence[float]
    unit: str
    bound: Optional[float] = None

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def is_kept(self) -> bool:
        """True when the bound holds, or there is none."""
        return self.bound is None or self.median <= self.bound

    def __str__(self) -> str:
        bound = "" if self.bound is None else f"at most {self.bound:g}"
        spread = f"{min(self.values):.3g} to {max(self.values):.3g}"
        verdict = "" if self.is_kept else "  MISSED"
        return (
            f"{self.name:<58} {self.median:>8.3g} {self.unit:<9} {spread:<18} "
            f"n = {len(self.values):<3} {bound}{verdict}"
        ).rstrip()

    def as_json(self) -> Dict[str, object]:
        """The figure as it is kept."""
        return {
            "name": self.name,
            "unit": self.unit,
            "median": self.median,
            "least": min(self.values),
            "most": max(self.values),
            "n": len(self.values),
            "bound": self.bound,
            "is_kept": self.is_kept,
        }


def ratio(name: str, of: Sequence[float], to: Sequence[float], bound: Optional[float]) -> Figure:
    """The ratios of pairs that were measured in turns, so that the machine's noise hits both."""
    return Figure(name, [a / b for a, b in zip(of, to)], "times", bound)
