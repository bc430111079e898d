# SPDX-License-Identifier: Apache-2.0
"""A page of the docs: its commands with their output, and the files that it shows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Callable

_CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_FILE = re.compile(r"^```\w+\n# (\S+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z")
_LAST = "RULE_ID"
"""Stands for the last id that was printed, in a page that is not yet written out."""


@dataclass
class Page:
    """The text of a page, and the ids of the server that stand for the ids in the page."""

    text: str

    def __post_init__(self) -> None:
        self._live: dict[str, str] = {}

    def files(self) -> dict[str, str]:
        """Return the files that the page shows: the blocks that begin with `# name`."""
        return dict(_FILE.findall(self.text))

    def run(self, run: Callable[[str], str]) -> str:
        """Return the page with the output of each command as it is now, but with the page's ids."""
        return _CONSOLE.sub(lambda block: self._block(block.group(1), run), self.text)

    def _block(self, block: str, run: Callable[[str], str]) -> str:
        commands = re.split(r"^\$ ", block, flags=re.MULTILINE)
        assert commands.pop(0) == "", f"a console block begins with a command: {block}"
        return "```console\n" + "".join(self._command(each, run) for each in commands) + "```"

    def _command(self, text: str, run: Callable[[str], str]) -> str:
        command, _, expected = text.partition("\n")
        if _LAST in command:
            command = command.replace(_LAST, list(self._live)[-1])
        output = run(_UUID.sub(lambda known: self._live.get(known.group(), "?"), command))
        return f"$ {command}\n{self._as_it_was(output, expected)}"

    def _as_it_was(self, output: str, expected: str) -> str:
        """Return the output with its ids and times replaced by those of the page."""
        ids = (each for each in _UUID.findall(expected) if each not in self._live)
        times = iter(_TIME.findall(expected))
        for live in _UUID.findall(output):
            if live not in self._live.values():
                self._live[next(ids, live)] = live
        shown = {live: shown for shown, live in self._live.items()}
        output = _UUID.sub(lambda live: shown[live.group()], output)
        return _TIME.sub(lambda now: next(times, now.group()), output)
