# SPDX-License-Identifier: Apache-2.0
"""How it stands with a port: the kernel holds its link, will soon, or does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Union


@dataclass(frozen=True)
class Settled:
    """The kernel holds what is desired; nothing is pending."""

    def __str__(self) -> str:
        return "settled"


@dataclass(frozen=True)
class _Pending:
    """The port is looked at again at `until_s` of the reconciler's clock."""

    until_s: float
    why: str

    def __str__(self) -> str:
        return f"{type(self).__name__.lower()}: {self.why}"


class Waiting(_Pending):
    """Nothing is wrong: the kernel will hold what is desired by itself, or a look is due."""


class Failed(_Pending):
    """The kernel does not hold what is desired; the next look is the next try."""


Status = Union[Settled, Waiting, Failed]
SETTLED = Settled()
