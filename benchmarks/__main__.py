# SPDX-License-Identifier: Apache-2.0
"""What links cost on a host: the figures of doc/benchmarks.md, each with its bound.

``make bench`` runs it in a guest. It prints the figures, and keeps them in a file as JSON. Ratios
are of pairs measured in turns in one run. The exit status is 1 when a bound is missed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Callable, Iterator, List

from benchmarks import machine, memory, plugging, sizes, timelines
from benchmarks.figure import Figure


def main() -> int:
    """Measure all, print each figure when it is there, and say how many bounds were missed."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=Path("build/bench.json"))
    parser.add_argument("--short", action="store_true", help="few links, few rounds: a minute")
    asked = parser.parse_args()
    subprocess.run(["modprobe", "ifb", "numifbs=0"], check=True)
    figures: List[Figure] = []
    for figure in _measured(asked.short):
        print(figure, flush=True)
        figures.append(figure)
    asked.file.parent.mkdir(parents=True, exist_ok=True)
    kept = {"machine": machine.described(), "figures": [figure.as_json() for figure in figures]}
    asked.file.write_text(json.dumps(kept, indent=2) + "\n")
    missed = [figure.name for figure in figures if not figure.is_kept]
    print(f"{len(figures)} figures in {asked.file}; bounds missed: {len(missed)}")
    return 1 if missed else 0


def _measured(is_short: bool) -> Iterator[Figure]:
    many, turns = (100, 3) if is_short else (1000, 15)
    counts = (1, 10, 100) if is_short else (1, 10, 100, 1000, 3000)
    parts: List[Callable[[], Iterator[Figure]]] = [
        # First, while the process has no memory left over from other work.
        lambda: memory.figures(many, edits=500 if is_short else 10_000),
        lambda: sizes.at(many, turns),
        lambda: sizes.growth(counts, turns=3 if is_short else 5),
        lambda: plugging.figures(30 if is_short else 300, turns=2),
        lambda: timelines.figures(
            (1, 10) if is_short else (1, 100, 1000), moments=50 if is_short else 200
        ),
    ]
    for part in parts:
        yield from part()


if __name__ == "__main__":
    sys.exit(main())
