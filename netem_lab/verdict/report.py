# SPDX-License-Identifier: Apache-2.0
"""The table at the end, and the same for programs."""

from __future__ import annotations

import json
import sys
from typing import Any, Dict, List, Optional, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from netem_lab.verdict.row import Row, Step, Verdict, good

_PLAIN_WIDTH = 100
_COLUMNS = (("", 7), ("what", 19), ("asked", 17), ("measured", 41), ("verdict", 7))
_STYLES = {Verdict.GOOD: "green", Verdict.BAD: "bold red", Verdict.SHOWN: "dim"}


def show(steps: List[Step], as_json: bool = False, out: Optional[TextIO] = None) -> int:
    """Print the steps and return the exit status: 0 if every verdict is good, else 1."""
    out = out or sys.stdout
    if as_json:
        print(json.dumps(content(steps), indent=2), file=out)
    else:
        console = Console(file=out, highlight=False)
        if not console.is_terminal:
            console = Console(file=out, highlight=False, width=_PLAIN_WIDTH)
        for index, step in enumerate(steps):
            console.print(Text(f"\n{step.title}", style="bold"))
            console.print(table(step, show_header=index == 0))
        console.print(f"\n{conclusion(steps)}")
    return 0 if good(steps) else 1


def table(step: Step, show_header: bool) -> Table:
    """Return the rows of a step; the columns of all steps are equally wide."""
    shown = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=show_header)
    for name, width in _COLUMNS:
        shown.add_column(name, width=width, overflow="fold")
    direction = ""
    for row in step.rows:
        shown.add_row(
            row.direction if row.direction != direction else "",
            row.what,
            row.asked,
            row.measured,
            Text(row.verdict.value, style=_STYLES[row.verdict]),
        )
        direction = row.direction
    return shown


def conclusion(steps: List[Step]) -> str:
    """Return the last lines: how many verdicts there are, how many are bad, what was left out."""
    rows = [row for step in steps for row in step.rows]
    judged = [row.verdict for row in rows if row.verdict is not Verdict.SHOWN]
    bad = judged.count(Verdict.BAD)
    text = f"{len(judged)} verdicts, " + (f"{bad} bad" if bad else "all good")
    received = sum(row.figures.get("received", 0) for row in rows)
    stalled = sum(row.figures.get("stalled", 0) for row in rows)
    if stalled:
        text += (
            f"\nLeft out of delay and jitter: {100 * stalled / received:.1f} % of the packets,"
            " due when the machine stood still"
        )
    return text


def content(steps: List[Step]) -> Dict[str, Any]:
    """Return what the table holds, with the figures, for JSON."""
    return {
        "good": good(steps),
        "steps": [{"title": s.title, "rows": [_row(row) for row in s.rows]} for s in steps],
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
