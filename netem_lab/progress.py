# SPDX-License-Identifier: Apache-2.0
"""Progress on stderr: one line that is updated on a terminal, plain lines elsewhere."""

from __future__ import annotations

from types import TracebackType
from typing import Optional, Type

from rich.console import Console
from rich.status import Status


class Display:
    """Prints the steps and, within a step, what is being done and how much of it is done."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._status: Optional[Status] = None
        self._last = ""
        if self._console.is_terminal:
            self._status = self._console.status("")

    def __enter__(self) -> Display:
        if self._status:
            self._status.start()
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        if self._status:
            self._status.stop()

    def step(self, title: str) -> None:
        """Print the title of a step that begins."""
        self._last = ""
        self._console.print(title, soft_wrap=True)

    def working(self, what: str, done: float) -> None:
        """Print what is being done, and the share that is `done`, 0.0 to 1.0."""
        if self._status:
            self._status.update(f"{what} {done:4.0%}")
        elif what != self._last:
            self._console.print(f"  {what}", soft_wrap=True)
        self._last = what
