# SPDX-License-Identifier: Apache-2.0
"""A link as text: JSON of what its two directions do, for channels that carry strings."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from dataclasses import asdict, astuple
from typing import Any, Dict, FrozenSet, NamedTuple, Optional, Tuple

from networking_netem.domain import timeline_text
from networking_netem.domain.impairment import MAXIMA, NONE, Impairment
from networking_netem.domain.link import DIRECTIONS, Direction, Link
from networking_netem.domain.selector import Selector
from networking_netem.domain.timeline import Timeline

VERSION, WITH_SELECTORS = 1, 2
"""Higher where a reader of before would impose something else than what is meant: without the
selectors it would impair what is exempt."""
LONGEST = 1 << 19
"""Characters of the longest JSON that is read; two timelines of 64 KB have less."""
PACKED = "zlib:"
"""What a text of more than ``LONGEST_PLAIN`` characters begins with. A database keeps a copy for
each port."""
LONGEST_PLAIN = 2048
SELECTORS, TIMELINE = "selectors", "timeline"
SAME = "egress"
"""In place of the ingress' timeline where it is that of the egress."""


class Unreadable(ValueError):
    """The text is not a link; the message says what is wrong and what would be right."""


def written(link: Link) -> str:
    """The text of a link, the same for equal links; empty for a clean one."""
    said: Dict[str, Any] = {}
    version = VERSION
    for direction in DIRECTIONS:
        if link.acts(direction):
            fields = asdict(link[direction])
            said[direction.value] = {
                name: value for name, value in fields.items() if value != getattr(NONE, name)
            }
            selectors = [astuple(each) for each in link.selectors(direction)]
            if selectors:
                said[direction.value][SELECTORS] = selectors
                version = WITH_SELECTORS
            timeline = link.timeline(direction)
            if timeline:
                is_same = direction is Direction.INGRESS and timeline == link.egress_timeline
                said[direction.value][TIMELINE] = SAME if is_same else timeline_text.plain(timeline)
    if not said:
        return ""
    text = json.dumps({"v": version, **said}, separators=(",", ":"))
    return text if len(text) <= LONGEST_PLAIN else _packed(text)


class Said(NamedTuple):
    """The link that a text says, and what of the text is not known here: it is passed over."""

    link: Link
    unknown: FrozenSet[str] = frozenset()


def read(text: str) -> Said:
    """What a text says; an empty one says a clean link. Raises ``Unreadable``.

    A newer server may say more of a link than this reader knows.
    """
    if not text:
        return Said(Link.CLEAN)
    if len(text) > LONGEST:
        raise Unreadable(f"a link has {LONGEST} characters at most, not {len(text)}")
    try:
        said = json.loads(_unpacked(text))
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"a link is JSON: {error}") from None
    if not isinstance(said, dict) or said.get("v") not in (VERSION, WITH_SELECTORS):
        raise Unreadable(f'a link says {{"v":{VERSION},…}}, not {text[:80]}')
    del said["v"]
    link, unknown = Link.CLEAN, set()
    for direction in DIRECTIONS:
        fields = said.pop(direction.value, {})
        if not isinstance(fields, dict):
            raise Unreadable(f"a direction is an object of numbers, not {str(fields)[:80]}")
        selectors = _selectors(fields.pop(SELECTORS, []))
        timeline = fields.pop(TIMELINE, None)
        link = link.with_timeline(
            direction, link.egress_timeline if timeline == SAME else _timeline(timeline)
        )
        unknown |= fields.keys() - MAXIMA.keys()
        link = link.with_selectors(direction, selectors)
        link = link.with_impairment(direction, _impairment(fields))
    return Said(link, frozenset(unknown | said.keys()))


def _packed(text: str) -> str:
    return PACKED + base64.b64encode(zlib.compress(text.encode(), 9)).decode()


def _unpacked(text: str) -> str:
    if not text.startswith(PACKED):
        return text
    try:
        packed = base64.b64decode(text[len(PACKED) :], validate=True)
        unpacked = zlib.decompressobj().decompress(packed, LONGEST + 1)
        if len(unpacked) > LONGEST:
            raise Unreadable(f"a link has {LONGEST} characters at most")
        return unpacked.decode()
    except (binascii.Error, zlib.error, UnicodeDecodeError) as error:
        raise Unreadable(f"a link cannot be unpacked: {error}") from None


def _timeline(said: Any) -> Optional[Timeline]:
    if said is None:
        return None
    try:
        return timeline_text.read(said)
    except (TypeError, ValueError) as error:
        raise Unreadable(f"a timeline cannot be read: {error}") from None


def _selectors(said: Any) -> Tuple[Selector, ...]:
    if not isinstance(said, list) or not all(isinstance(each, list) for each in said):
        raise Unreadable(f"selectors are lists in a list, not {str(said)[:80]}")
    try:
        return tuple(Selector(*each) for each in said)
    except (TypeError, ValueError) as error:
        raise Unreadable(f"a selector cannot be read: {error}") from None


def _impairment(fields: Dict[str, Any]) -> Impairment:
    known = {name: value for name, value in fields.items() if name in MAXIMA}
    for name, value in known.items():
        if type(value) is not int:
            raise Unreadable(f"{name} is a whole number, not {str(value)[:80]}")
    try:
        return Impairment(**known)
    except ValueError as error:
        raise Unreadable(str(error)) from None
