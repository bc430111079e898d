# SPDX-License-Identifier: Apache-2.0
"""What a measurement says: rows of *what, asked, measured, verdict*, grouped in sections."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Any, Dict, List

from netem_lab.verdict.doubt import Doubt


class Verdict(enum.Enum):
    """Whether the measured is what was asked; `SHOWN` where nothing was asked.

    A measurement that could not be made is `UNSURE`, never good.
    """

    GOOD = "good"
    BAD = "bad"
    UNSURE = "unsure"
    SHOWN = "-"

    @classmethod
    def of(cls, good: bool) -> Verdict:
        """`GOOD` or `BAD`."""
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
    doubt: Doubt = Doubt.NONE


@dataclass
class Section:
    """One state of the link and what was measured in it."""

    title: str
    rows: List[Row] = field(default_factory=list)


def good(sections: List[Section]) -> bool:
    """Whether there is a verdict, and all verdicts are good."""
    verdicts = {row.verdict for section in sections for row in section.rows} - {Verdict.SHOWN}
    return verdicts == {Verdict.GOOD}
