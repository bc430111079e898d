# SPDX-License-Identifier: Apache-2.0
"""Amounts as netem-trace writes them: an object of two whole numbers, or a text with units."""

from __future__ import annotations

import re
from typing import Any, Mapping

MS_OF = {
    **{"ns": 1e-6, "us": 1e-3, "ms": 1.0, "s": 1e3, "sec": 1e3},
    **{"m": 6e4, "min": 6e4, "h": 3.6e6, "hr": 3.6e6},
}
KBPS_OF = {"bps": 1e-3, "kbps": 1.0, "mbps": 1e3, "gbps": 1e6}

_PART = re.compile(r"\s*(\d{1,20}(?:\.\d{1,20})?)\s*([a-zA-Z]{1,4})", re.ASCII)
_LONGEST = 100


def milliseconds(value: Any) -> float:
    """Return a duration, ``{"secs": 1, "nanos": 0}`` or ``"1s 500ms"``; raises ValueError."""
    if isinstance(value, dict):
        return _number(value, "secs") * 1e3 + _number(value, "nanos") / 1e6
    return _sum(value, MS_OF)


def kilobits_per_second(value: Any) -> float:
    """Return a rate, ``{"gbps": 0, "bps": 12000000}`` or ``"12Mbps"``; raises ValueError."""
    if isinstance(value, dict):
        return _number(value, "gbps") * 1e6 + _number(value, "bps") / 1e3
    return _sum(value, KBPS_OF)


def number(value: Any) -> float:
    """Return a number of JSON that is 0 or more; raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0:
        raise ValueError(value)
    return float(value)


def _number(value: Mapping[str, Any], name: str) -> float:
    return number(value.get(name, 0))


def _sum(value: Any, units: Mapping[str, float]) -> float:
    """The sum of the parts of a text such as ``1s 500ms``."""
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise ValueError(value)
    total, end = 0.0, 0
    part = _PART.match(value)
    while part:
        amount, unit = part.groups()
        if unit.lower() not in units:
            raise ValueError(value)
        total += float(amount) * units[unit.lower()]
        end = part.end()
        part = _PART.match(value, end)
    if not end or value[end:].strip():
        raise ValueError(value)
    return total
