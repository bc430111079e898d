# SPDX-License-Identifier: Apache-2.0
"""The filters that we hang on a device's hooks, in the kernel's own units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

Instruction = Tuple[int, int, int, int]
"""One instruction of classic BPF: code, jump if true, jump if false, constant."""


@dataclass(frozen=True)
class Police:
    """A token bucket that holds nothing back: what does not fit is not let through.

    ``burst_ticks`` is the bucket as time at the rate.
    """

    rate_bytes_per_s: int
    burst_ticks: int


@dataclass(frozen=True)
class Passes:
    """Lets packets past the ifb for which the classic BPF ``program`` returns other than 0.

    More of them than ``police`` lets through go through the ifb, as all others. None lets all
    through.
    """

    program: Tuple[Instruction, ...]
    police: Optional[Police]
