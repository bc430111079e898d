# SPDX-License-Identifier: Apache-2.0
"""Durations as people write them: ``8s``, ``500ms``, ``1h30m``."""

from __future__ import annotations

import re
from decimal import Decimal

_MS_OF = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
_PART = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)(ms|[smhd])", re.ASCII)
_LONGEST = 40

EXPECTED = "a duration such as 500ms, 8s, 1.5s, 10m, 2h or 1h30m, of whole milliseconds"


def milliseconds(text: str) -> int:
    """Return the whole milliseconds that a text says; raises ValueError with a sentence."""
    total, end = Decimal(0), 0
    while end < len(text) <= _LONGEST:
        part = _PART.match(text, end)
        if not part:
            break
        total += Decimal(part[1]) * _MS_OF[part[2]]
        end = part.end()
    if not text or end != len(text) or total != int(total):
        raise ValueError(f"{text[:_LONGEST]!r} is not {EXPECTED}")
    return int(total)


def written(duration_ms: float) -> str:
    """Return a duration as people write it: ``1m30s``, ``2.5s``, ``100ms``."""
    if duration_ms < 1000:
        return f"{duration_ms:g}ms"
    text, left = "", Decimal(str(duration_ms))
    for unit in ("d", "h", "m"):
        count, left = divmod(left, _MS_OF[unit])
        text += f"{count:f}{unit}" if count else ""
    seconds = (left / 1000).normalize()
    return text + (f"{seconds:f}s" if seconds or not text else "")
