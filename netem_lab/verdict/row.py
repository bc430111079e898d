# SPDX-License-Identifier: Apache-2.0
"""What a measurement says: rows of *what, asked, measured, verdict*, grouped by step."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Any, Dict, List


class Verdict(enum.Enum):
    """Whether the measured is what was asked; `SHOWN` where nothing was, or it tells nothing."""

    GOOD = "good"
    BAD = "bad"
    SHOWN = "-"

    @classmethod
    def of(cls, good: bool) -> Verdict:
        return cls.GOOD if good else cls.BAD


@dataclass(frozen=True)
class Row:
    """One thing measured, in words and, for programs, in figures with their units."""

    direction: str
    what: str
    asked: str
    measured: str
    verdict: Verdict
    figures: Dict[str, Any] = field(default_factory=dict)


@dataclass
class Step:
    """One state of the link and what was measured in it."""

    title: str
    rows: List[Row] = field(default_factory=list)


def good(steps: List[Step]) -> bool:
    """Whether there is a verdict and none is bad."""
    verdicts = {row.verdict for step in steps for row in step.rows}
    return Verdict.GOOD in verdicts and Verdict.BAD not in verdicts
