# SPDX-License-Identifier: Apache-2.0
"""A link as text: JSON of what its two directions do, for channels that carry strings."""

from __future__ import annotations

import json
from dataclasses import asdict, astuple
from typing import Any, Dict, FrozenSet, NamedTuple, Tuple

from networking_netem.domain.impairment import MAXIMA, NONE, Impairment
from networking_netem.domain.link import DIRECTIONS, Link
from networking_netem.domain.selector import Selector

VERSION, WITH_SELECTORS = 1, 2
"""Higher where a reader of before would impose something else than what is meant: without the
selectors it would impair what is exempt."""
LONGEST = 2048
"""Characters of the longest text that is read; the longest that is written has less than 1900."""
SELECTORS = "selectors"


class Unreadable(ValueError):
    """The text is not a link; the message says what is wrong and what would be right."""


def written(link: Link) -> str:
    """The text of a link, the same for equal links; empty for a clean one."""
    said: Dict[str, Any] = {}
    version = VERSION
    for direction in DIRECTIONS:
        if not link[direction].is_none:
            fields = asdict(link[direction])
            said[direction.value] = {
                name: value for name, value in fields.items() if value != getattr(NONE, name)
            }
            selectors = [astuple(each) for each in link.selectors(direction)]
            if selectors:
                said[direction.value][SELECTORS] = selectors
                version = WITH_SELECTORS
    return json.dumps({"v": version, **said}, separators=(",", ":")) if said else ""


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
        said = json.loads(text)
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
        unknown |= fields.keys() - MAXIMA.keys()
        link = link.with_selectors(direction, selectors)
        link = link.with_impairment(direction, _impairment(fields))
    return Said(link, frozenset(unknown | said.keys()))


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
