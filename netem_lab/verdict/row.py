# SPDX-License-Identifier: Apache-2.0
"""The result of a measurement: rows of *what, asked, measured, verdict*, grouped in sections."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Any, Dict, List

from netem_lab.verdict.doubt import Doubt


class Verdict(enum.Enum):
    """Whether what was measured is what was asked.

    `SHOWN` is for a figure that is not judged. `UNSURE` is for one that could not be measured.
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
    """One thing that was measured, as phrases, and as figures with units in their names."""

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
    """Whether there is at least one verdict and all are good; `SHOWN` is none."""
    verdicts = {row.verdict for section in sections for row in section.rows} - {Verdict.SHOWN}
    return verdicts == {Verdict.GOOD}
