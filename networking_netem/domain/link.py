# SPDX-License-Identifier: Apache-2.0
"""The link of one port: an impairment for each direction."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from typing import ClassVar, Optional, Tuple

from networking_netem.domain.impairment import NONE, Impairment
from networking_netem.domain.selector import Selector, in_order
from networking_netem.domain.timeline import Extremes, Timeline


class Direction(enum.Enum):
    """A direction as the instance sees it: egress is what it sends."""

    EGRESS = "egress"
    INGRESS = "ingress"

    # Enum's own is written in Python, and each look at a port takes dozens.
    __hash__ = object.__hash__


DIRECTIONS = tuple(Direction)
"""Both, to iterate over: an Enum is slow at that."""


@dataclass(frozen=True)
class Link:
    """The two impairments of one port, as the instance sees them, and which packets they hit.

    Without selectors a direction impairs all its packets. They are in the order of priority.
    A link with timelines is what is desired; ``at`` says what it is at a moment. Then it has no
    timelines, and for those that run it has ``extremes``.
    """

    egress: Impairment = NONE
    ingress: Impairment = NONE
    egress_selectors: Tuple[Selector, ...] = ()
    ingress_selectors: Tuple[Selector, ...] = ()
    egress_timeline: Optional[Timeline] = None
    ingress_timeline: Optional[Timeline] = None
    egress_extremes: Optional[Extremes] = None
    ingress_extremes: Optional[Extremes] = None

    CLEAN: ClassVar[Link]

    def __getitem__(self, direction: Direction) -> Impairment:
        return self.egress if direction is Direction.EGRESS else self.ingress

    def __str__(self) -> str:
        """The link as an operator reads it."""
        return "; ".join(
            f"{each.value} {self[each]}{self._when(each)}{self._which(each)}" for each in DIRECTIONS
        )

    @property
    def is_clean(self) -> bool:
        """True when no packet is impaired, now or later, whatever the selectors say."""
        return not any(self.acts(direction) for direction in DIRECTIONS)

    def acts(self, direction: Direction) -> bool:
        """True when packets of a direction are impaired, now or perhaps later."""
        moves = self.timeline(direction) or self.extremes(direction)
        return bool(moves) or not self[direction].is_none

    @property
    def has_timeline(self) -> bool:
        """True when the link may change by itself."""
        return bool(self.egress_timeline or self.ingress_timeline)

    def timeline(self, direction: Direction) -> Optional[Timeline]:
        """What a direction does when; None where it does the same at all times."""
        return self.egress_timeline if direction is Direction.EGRESS else self.ingress_timeline

    def extremes(self, direction: Direction) -> Optional[Extremes]:
        """What a direction is made for while it changes by itself; None where it does not."""
        return self.egress_extremes if direction is Direction.EGRESS else self.ingress_extremes

    def at(self, now_ms: int) -> Link:
        """The link at a moment, in milliseconds since 1970 in UTC."""
        if not self.has_timeline:
            return self
        (egress, egress_extremes), (ingress, ingress_extremes) = (
            (timeline.impairment(self[each], now_ms), timeline.extremes(self[each], now_ms))
            if timeline
            else (self[each], None)
            for each, timeline in ((each, self.timeline(each)) for each in DIRECTIONS)
        )
        return Link(
            *(egress, ingress, self.egress_selectors, self.ingress_selectors),
            egress_extremes=egress_extremes,
            ingress_extremes=ingress_extremes,
        )

    def kept_open(self, before: Link) -> Link:
        """This link with the extremes of another where it has none: its trees are kept so far."""
        return replace(
            self,
            egress_extremes=self.egress_extremes or before.egress_extremes,
            ingress_extremes=self.ingress_extremes or before.ingress_extremes,
        )

    def next_change_ms(self, now_ms: int) -> Optional[int]:
        """When the link is another one than now by itself; None when it never will be."""
        changes_ms = (
            timeline.next_change_ms(now_ms)
            for timeline in (self.egress_timeline, self.ingress_timeline)
            if timeline
        )
        return min((each for each in changes_ms if each is not None), default=None)

    def selectors(self, direction: Direction) -> Tuple[Selector, ...]:
        """Which packets of a direction are impaired; none for all of them."""
        return self.egress_selectors if direction is Direction.EGRESS else self.ingress_selectors

    def with_impairment(self, direction: Direction, impairment: Impairment) -> Link:
        """This link with another impairment in one direction."""
        if direction is Direction.EGRESS:
            return replace(self, egress=impairment)
        return replace(self, ingress=impairment)

    def with_timeline(self, direction: Direction, timeline: Optional[Timeline]) -> Link:
        """This link with another timeline in one direction, or none."""
        if direction is Direction.EGRESS:
            return replace(self, egress_timeline=timeline)
        return replace(self, ingress_timeline=timeline)

    def with_selectors(self, direction: Direction, selectors: Tuple[Selector, ...]) -> Link:
        """This link with these selectors in one direction, in place of those that it had."""
        if direction is Direction.EGRESS:
            return replace(self, egress_selectors=in_order(selectors))
        return replace(self, ingress_selectors=in_order(selectors))

    def with_selector(self, direction: Direction, selector: Selector) -> Link:
        """This link with one more selector, which replaces that of its priority."""
        others = [e for e in self.selectors(direction) if e.priority != selector.priority]
        return self.with_selectors(direction, (*others, selector))

    def _when(self, direction: Direction) -> str:
        timeline = self.timeline(direction)
        return f", and {timeline}" if timeline else ""

    def _which(self, direction: Direction) -> str:
        selectors = "; ".join(map(str, self.selectors(direction)))
        return f" ({selectors})" if selectors and not self[direction].is_none else ""


Link.CLEAN = Link()
