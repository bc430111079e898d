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
class Waiting:
    """Nothing is wrong. The port is looked at again at `until_s` of the reconciler's clock."""

    until_s: float
    why: str

    def __str__(self) -> str:
        return f"waiting: {self.why}"


@dataclass(frozen=True)
class Failed:
    """The kernel does not hold what is desired. The next try is at `until_s` of the clock."""

    until_s: float
    why: str

    def __str__(self) -> str:
        return f"failed: {self.why}"


Status = Union[Settled, Waiting, Failed]
SETTLED = Settled()
