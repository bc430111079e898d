# SPDX-License-Identifier: Apache-2.0
"""An instant as the API writes it: RFC 3339, in UTC, with milliseconds."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Optional

from networking_netem.domain.attribute import InvalidValue

EXPECTED = "an instant as 2026-11-30T12:00:00.000Z (RFC 3339), from 1970 on"
LONGEST = 40
"""Characters of the longest text that is read."""

_FORM = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII
)
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def read(text: str, name: str) -> str:
    """The same instant in one form, rounded down to the millisecond.

    Raises ``InvalidValue``, about the attribute ``name``.
    """
    at_ms = _at_ms(text)
    if at_ms is None or at_ms < 0:
        raise InvalidValue(name, EXPECTED, text)
    return written(at_ms)


def since_1970_ms(text: str) -> int:
    """The milliseconds since 1970, in UTC. Raises ``ValueError`` for what ``read`` refuses."""
    at_ms = _at_ms(text)
    if at_ms is None:
        raise ValueError(f"{text[:LONGEST]} is not {EXPECTED}")
    return at_ms


def written(at_ms: int) -> str:
    """The text of an instant."""
    at = _EPOCH + timedelta(milliseconds=at_ms)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03d}Z"


def _at_ms(text: str) -> Optional[int]:
    found = _FORM.fullmatch(text.strip()) if len(text) <= LONGEST else None
    if not found:
        return None
    day, time, fraction, sign, hours, minutes = found.groups()
    try:
        at = datetime.strptime(f"{day} {time}", "%Y-%m-%d %H:%M:%S").replace(tzinfo=timezone.utc)
        if sign:
            offset = timedelta(hours=int(hours), minutes=int(minutes))
            at = at - offset if sign == "+" else at + offset
    except (ValueError, OverflowError):
        return None
    milliseconds = int(((fraction or "") + "000")[:3])
    return int((at - _EPOCH) // timedelta(milliseconds=1)) + milliseconds
