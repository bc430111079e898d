# SPDX-License-Identifier: Apache-2.0
"""Lines of pages are short, files that they name exist, and the index of decisions is complete.

A line has at most 120 characters. Two may be longer, because they cannot be wrapped: a row of a
table, but not one of its cells, and what a program printed or a server answered.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Iterator, Tuple

import pytest

REPO = Path(__file__).parents[2]
PACKAGE = REPO / "networking_netem"
PAGES = [*sorted(REPO.glob("*.md")), *sorted((REPO / "doc").rglob("*.md"))]
DECISIONS = REPO / "doc/adr"
MOST = 120
OUTPUT = ("", "console", "http")
"""The languages of blocks that show what a program printed."""
_FOLDERS = [PACKAGE.name, "netem_lab", "tests", "benchmarks", "doc", "releasenotes"]
_FOLDERS += [each.name for each in PACKAGE.iterdir()]
_OURS = re.compile(rf"`((?:{'|'.join(map(re.escape, _FOLDERS))})/[\w/.-]*\w)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPO)))
def test_lines_are_short(page: Path) -> None:
    assert not list(_too_long(page.read_text()))


def test_what_cannot_be_wrapped_may_be_long() -> None:
    long = "x" * (MOST + 1)
    wide = f"| {'x' * MOST} | {'y' * MOST} |"
    assert not list(_too_long(f"{wide}\n```console\n$ make\n{long}\n```\n```\n{long}\n```"))
    prose = f"{long}\n# {long}\n| {long} |\n"
    code = f"```ini\n{long}\n```\n```console\n$ a {long}\n$ b \\\n  {long}\n```\n"
    assert [number for number, _ in _too_long(prose + code)] == [1, 2, 3, 5, 8, 10]


def _too_long(text: str) -> Iterator[Tuple[int, str]]:
    """Yield number and text of each line that is too long."""
    language = None
    goes_on = False
    for number, line in enumerate(text.splitlines(), 1):
        fence = re.match(r" *```(\w*)", line)
        if fence:
            language = fence.group(1) if language is None else None
            continue
        typed = goes_on or line.startswith(("$ ", "# "))
        goes_on = typed and line.endswith(("\\", "|"))
        if language in OUTPUT and not (language == "console" and typed):
            continue
        parts = re.split(r"(?<!\\)\|", line) if line.startswith("|") else [line]
        if any(len(part.strip()) > MOST for part in parts):
            yield number, line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPO)))
def test_files_of_ours_that_a_page_names_exist(page: Path) -> None:
    for name in _OURS.findall(page.read_text()):
        assert (REPO / name).exists() or (PACKAGE / name).exists(), name


def test_the_index_has_every_decision_by_its_number_and_title() -> None:
    index = (DECISIONS / "README.md").read_text()
    for path in sorted(DECISIONS.glob("0*.md")):
        number, title = path.read_text().splitlines()[0][len("# ") :].split(". ", 1)
        assert int(path.name[:4]) == int(number)
        assert f"| {number} | [{title}]({path.name}) |" in index
