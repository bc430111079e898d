# SPDX-License-Identifier: Apache-2.0
"""Why a recording cannot be read, in one sentence: file, line, what is there, what should be."""

from __future__ import annotations

from typing import Optional

_LONGEST_SHOWN = 40


class Unreadable(ValueError):
    """A recording, or a place in it, that is not of its format."""

    def __init__(self, wrong: str, right: str, line: Optional[int] = None) -> None:
        super().__init__(wrong)
        self.wrong, self.right, self.line = wrong, right, line

    def of(self, file: str) -> str:
        """Return the sentence for a file of that name."""
        where = file if self.line is None else f"{file}, line {self.line}"
        return f"{where}: {self.wrong}. {self.right}."


def shown(text: str) -> str:
    """Return a text as a message may quote it: short, and without line breaks."""
    return repr(text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…")
