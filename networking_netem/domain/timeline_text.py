# SPDX-License-Identifier: Apache-2.0
"""A timeline as plain JSON values, for links that travel as text."""

from __future__ import annotations

from typing import Any, Dict, List

from networking_netem.domain.impairment import MAXIMA, Impairment
from networking_netem.domain.timeline import AT_END, Timeline, TimelineStep

_NAMES = ("steps", "length_ms", "repeat", "at_end", "start_at_ms")


def plain(timeline: Timeline) -> Dict[str, Any]:
    """What JSON can hold of a timeline: all of it."""
    steps: List[Any] = [[e.at_ms, int(e.ramps), dict(e.values)] for e in timeline.steps]
    values = (timeline.length_ms, timeline.repeat, timeline.at_end, timeline.start_at_ms)
    return dict(zip(_NAMES, (steps, *values)))


def read(said: Any) -> Timeline:
    """The timeline that ``plain`` made this of. Raises ``ValueError`` for what it never makes.

    Fields of an impairment that are not known here are passed over.
    """
    if not isinstance(said, dict) or set(_NAMES) - said.keys():
        raise ValueError(f"a timeline is an object with {', '.join(_NAMES)}")
    length_ms, repeat, at_end, start_at_ms = (said[name] for name in _NAMES[1:])
    if not (_is_whole(length_ms) and _is_whole(repeat) and at_end in AT_END):
        raise ValueError("a timeline has a length_ms, a repeat and an at_end that are known")
    if start_at_ms is not None and not _is_whole(start_at_ms):
        raise ValueError("a timeline's start_at_ms is a whole number or null")
    steps = tuple(_step(each) for each in said["steps"]) if said["steps"] else ()
    offsets_ms = [each.at_ms for each in steps]
    rising = offsets_ms == sorted(set(offsets_ms)) and offsets_ms[:1] == [0]
    if not rising or offsets_ms[-1] >= length_ms:
        raise ValueError("a timeline's steps begin at 0, rise, and end within its length_ms")
    return Timeline(steps, length_ms, repeat, at_end, start_at_ms)


def _step(said: Any) -> TimelineStep:
    if not isinstance(said, list) or len(said) != 3 or not isinstance(said[2], dict):
        raise ValueError("a step is a list of at_ms, ramps and an object of numbers")
    at_ms, ramps, values = said
    if not _is_whole(at_ms) or not all(_is_whole(each) for each in values.values()):
        raise ValueError("a step's numbers are whole")
    known = {name: value for name, value in values.items() if name in MAXIMA}
    # Its bounds are those of an impairment.
    Impairment(**known)
    return TimelineStep(at_ms, tuple(known.items()), bool(ramps))


def _is_whole(value: Any) -> bool:
    return type(value) is int and value >= 0
