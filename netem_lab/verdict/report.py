# SPDX-License-Identifier: Apache-2.0
"""Prints the sections of a measurement, as tables or as JSON."""

from __future__ import annotations

import json
import sys
from typing import Any, Dict, List, Optional, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from netem_lab.verdict.row import Row, Section, Verdict, good

_PLAIN_WIDTH = 100
_COLUMNS = (("", 7), ("what", 19), ("asked", 17), ("measured", 41), ("verdict", 7))
_STYLES = {
    Verdict.GOOD: "green",
    Verdict.BAD: "bold red",
    Verdict.UNSURE: "bold yellow",
    Verdict.SHOWN: "dim",
}


def show(sections: List[Section], as_json: bool = False, out: Optional[TextIO] = None) -> int:
    """Print the sections and return the exit status: 0 if every verdict is good, else 1."""
    out = out or sys.stdout
    if as_json:
        print(json.dumps(content(sections), indent=2), file=out)
    else:
        console = Console(file=out, highlight=False)
        if not console.is_terminal:
            console = Console(file=out, highlight=False, width=_PLAIN_WIDTH)
        for index, section in enumerate(sections):
            console.print(Text(f"\n{section.title}", style="bold"))
            console.print(table(section, show_header=index == 0))
        console.print(f"\n{conclusion(sections)}")
    return 0 if good(sections) else 1


def table(section: Section, show_header: bool) -> Table:
    """Return the table of a section; its columns are as wide as those of the others."""
    shown = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=show_header)
    for name, width in _COLUMNS:
        shown.add_column(name, width=width, overflow="fold")
    direction = ""
    for row in section.rows:
        shown.add_row(
            row.direction if row.direction != direction else "",
            row.what,
            row.asked,
            row.measured,
            Text(row.verdict.value, style=_STYLES[row.verdict]),
        )
        direction = row.direction
    return shown


def conclusion(sections: List[Section]) -> str:
    """Return the last lines: how many verdicts, how many not good, and the packets left out."""
    rows = [row for section in sections for row in section.rows]
    judged = [row.verdict for row in rows if row.verdict is not Verdict.SHOWN]
    counts = {verdict: judged.count(verdict) for verdict in (Verdict.UNSURE, Verdict.BAD)}
    failed = [f"{count} {verdict.value}" for verdict, count in counts.items() if count]
    text = ", ".join([f"{len(judged)} verdicts", *(failed or ["all good"])])
    received = sum(row.figures.get("received", 0) for row in rows)
    stalled = sum(row.figures.get("stalled", 0) for row in rows)
    if stalled:
        text += (
            f"\n{100 * stalled / received:.1f} % of the packets are left out of delay and jitter:"
            " the machine was stalled"
        )
    return text


def content(sections: List[Section]) -> Dict[str, Any]:
    """Return the content of the tables, with the figures, for JSON."""
    return {
        "good": good(sections),
        "steps": [{"title": s.title, "rows": [_row(row) for row in s.rows]} for s in sections],
    }


def _row(row: Row) -> Dict[str, Any]:
    return {
        "direction": row.direction,
        "what": row.what,
        "asked": row.asked,
        "measured": row.measured,
        "verdict": row.verdict.value,
        "figures": row.figures,
    }
