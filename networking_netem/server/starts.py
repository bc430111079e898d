# SPDX-License-Identifier: Apache-2.0
"""A timeline's start as it may be asked for: in so many milliseconds, by the server's clock."""

from __future__ import annotations

import time
from typing import Any, Dict

from neutron_lib import exceptions

from networking_netem.domain import instant
from networking_netem.domain.rule_types import TIMELINE
from networking_netem.domain.timeline_rule import START_AT, START_IN_MS
from networking_netem.domain.units import NS_PER_MS
from networking_netem.server import stored


def with_start(body: Any) -> Any:
    """The body of a request with `start_at` in place of `start_in_ms`.

    What is no rule, or no list of rules, stays as it is. Raises `InvalidInput`.
    """
    if not isinstance(body, dict):
        return body
    with_starts = dict(body)
    if isinstance(body.get(TIMELINE.member), dict):
        with_starts[TIMELINE.member] = _started(body[TIMELINE.member])
    if isinstance(body.get(TIMELINE.collection), list):
        with_starts[TIMELINE.collection] = [
            _started(each) if isinstance(each, dict) else each for each in body[TIMELINE.collection]
        ]
    return with_starts


def _started(rule: Dict[str, Any]) -> Dict[str, Any]:
    if START_IN_MS.name not in rule:
        return rule
    others = {name: value for name, value in rule.items() if name != START_IN_MS.name}
    with stored.bad_request():
        lead_ms = START_IN_MS.parse(rule[START_IN_MS.name])
    if lead_ms is None:
        return others
    if others.get(START_AT.name) is not None:
        raise exceptions.InvalidInput(
            error_message=f"Give {START_AT.name} or {START_IN_MS.name}: both say when it starts"
        )
    return {**others, START_AT.name: instant.written(time.time_ns() // NS_PER_MS + lead_ms)}
