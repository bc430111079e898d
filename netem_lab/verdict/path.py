# SPDX-License-Identifier: Apache-2.0
"""The path between two VMs: each packet crosses the link of one port, then that of the other."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any, Dict, Iterable, Mapping

from netem_lab.errors import LabError
from netem_lab.verdict.judged import JUDGED_FIELDS
from netem_lab.verdict.selection import seen_by_probe
from networking_netem.domain.impairment import NONE, Impairment
from networking_netem.domain.link import Link
from networking_netem.domain.rule_types import IMPOSED

_RULE_TYPES = {rule_type.name: rule_type for rule_type in IMPOSED}


def link_of(rules: Iterable[Mapping[str, Any]]) -> Link:
    """Return the link that the rules of a policy ask for; `rules` are as the API shows them."""
    link = Link.CLEAN
    for rule in rules:
        rule_type = _RULE_TYPES.get(rule["type"])
        if rule_type:
            for direction in rule_type.directions(rule["direction"]):
                link = rule_type.put_on(link, direction, rule)
    return link


def across(first: Link, second: Link) -> Link:
    """Return the path between two ports as the VM at the first sees it.

    Each packet crosses the sender's egress and the receiver's ingress. Raises `LabError` where both
    together exceed the range of an `Impairment`. Selectors stay where they may hit some packets of
    the probe and not others, and extremes where a timeline runs. The links are those of one moment.
    """
    first, second = seen_by_probe(first), seen_by_probe(second)
    try:
        return Link(
            egress=_in_turn(first.egress, second.ingress),
            ingress=_in_turn(second.egress, first.ingress),
            egress_selectors=(*first.egress_selectors, *second.ingress_selectors),
            ingress_selectors=(*first.ingress_selectors, *second.egress_selectors),
            egress_extremes=first.egress_extremes or second.ingress_extremes,
            ingress_extremes=first.ingress_extremes or second.egress_extremes,
        )
    except ValueError as error:
        raise LabError(f"the links of both ports together cannot be judged: {error}") from None


def _in_turn(first: Impairment, second: Impairment) -> Impairment:
    """Return the impairment of packets that cross one impairment and then another."""
    _refuse(first, second)
    limits = [each for each in (first, second) if each.rate_kbps]
    narrow = min(limits, key=lambda each: each.rate_kbps, default=NONE)
    delays = first.delay_us + second.delay_us
    # A packet skips the delay of the port that reorders, and no other.
    reorders = [each.reorder_ppm for each in (first, second) if each.delay_us or not delays]
    # A field without a verdict gets an unsure row whatever its value, so either value will do.
    others = {
        each.name: getattr(first, each.name) or getattr(second, each.name)
        for each in fields(Impairment)
        if each.name not in JUDGED_FIELDS
    }
    return Impairment(
        delay_us=delays,
        jitter_us=round(math.hypot(first.jitter_us, second.jitter_us)),
        rate_kbps=narrow.rate_kbps,
        burst_kbit=narrow.burst_kbit,
        duplicate_ppm=max(first.duplicate_ppm, second.duplicate_ppm),
        corrupt_ppm=max(first.corrupt_ppm, second.corrupt_ppm),
        reorder_ppm=max(reorders),
        **_loss(first, second),
        **others,
    )


def _refuse(first: Impairment, second: Impairment) -> None:
    """Raise ``ValueError`` where one impairment changes what the other does to a packet."""
    for field, what in _ONCE.items():
        if getattr(first, field) and getattr(second, field):
            raise ValueError(f"{what} at both ports; clean one of them")
    if first.duplicate_ppm and second.loss_ppm:
        raise ValueError("packets are doubled at one port and lost at the next; clean one of them")


_ONCE = {
    "duplicate_ppm": "packets are doubled",
    "corrupt_ppm": "packets are made corrupt",
    "reorder_ppm": "packets are reordered",
}


def _loss(first: Impairment, second: Impairment) -> Dict[str, int]:
    """The loss of both, and its mean run: one begins where one that arrives precedes a loss."""
    if not (first.loss_ppm and second.loss_ppm):
        loses = second if second.loss_ppm else first
        names = ("loss_ppm", "loss_burst_hundredths")
        return {name: getattr(loses, name) for name in names}
    one, two = (1 - each.loss_ppm / 1e6 for each in (first, second))
    lost = {"loss_ppm": round(1e6 * (1 - one * two))}
    if not (first.loses_in_runs or second.loses_in_runs):
        return lost
    begins = one * two - _two_arrive(first) * _two_arrive(second)
    runs = round(100 * (1 - one * two) / begins) if begins else 0
    return {**lost, "loss_burst_hundredths": runs}


def _two_arrive(impairment: Impairment) -> float:
    """The chance that two packets in a row arrive."""
    loss = impairment.loss_ppm / 1e6
    if not impairment.loses_in_runs:
        return (1 - loss) ** 2
    return 1 - loss - 100 * loss / impairment.loss_burst_hundredths
