# SPDX-License-Identifier: Apache-2.0
"""The path between two VMs: each packet crosses the link of one port, then that of the other."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any, Iterable, Mapping

from netem_lab.errors import LabError
from netem_lab.verdict.judged import JUDGED_FIELDS
from networking_netem.domain.impairment import NONE, Impairment
from networking_netem.domain.link import Direction, Link
from networking_netem.domain.rule_types import IMPOSED

_RULE_TYPES = {rule_type.name: rule_type for rule_type in IMPOSED}


def link_of(rules: Iterable[Mapping[str, Any]]) -> Link:
    """Return the link that the rules of a policy ask for; `rules` are as the API shows them."""
    link = Link.CLEAN
    for rule in rules:
        rule_type = _RULE_TYPES.get(rule["type"])
        if rule_type:
            direction = Direction(rule["direction"])
            link = link.with_impairment(direction, rule_type.put(link[direction], rule))
    return link


def across(first: Link, second: Link) -> Link:
    """Return the path between two ports as the VM at the first sees it.

    Each packet crosses the sender's egress and the receiver's ingress. Raises `LabError` where both
    together exceed the range of an `Impairment`.
    """
    try:
        return Link(
            egress=_in_turn(first.egress, second.ingress),
            ingress=_in_turn(second.egress, first.ingress),
        )
    except ValueError as error:
        raise LabError(f"the links of both ports together cannot be judged: {error}") from None


def _in_turn(first: Impairment, second: Impairment) -> Impairment:
    """Return the impairment of packets that cross one impairment and then another."""
    passing = (1 - first.loss_ppm / 1e6) * (1 - second.loss_ppm / 1e6)
    limits = [each for each in (first, second) if each.rate_kbps]
    narrow = min(limits, key=lambda each: each.rate_kbps, default=NONE)
    # A field without a verdict gets an unsure row whatever its value, so either value will do.
    others = {
        each.name: getattr(first, each.name) or getattr(second, each.name)
        for each in fields(Impairment)
        if each.name not in JUDGED_FIELDS
    }
    return Impairment(
        delay_us=first.delay_us + second.delay_us,
        jitter_us=round(math.hypot(first.jitter_us, second.jitter_us)),
        loss_ppm=round(1e6 * (1 - passing)),
        rate_kbps=narrow.rate_kbps,
        burst_kbit=narrow.burst_kbit,
        **others,
    )
