# SPDX-License-Identifier: Apache-2.0
"""The link of one port: an impairment for each direction."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from typing import ClassVar, Tuple

from networking_netem.domain.impairment import NONE, Impairment
from networking_netem.domain.selector import Selector, in_order


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
    """

    egress: Impairment = NONE
    ingress: Impairment = NONE
    egress_selectors: Tuple[Selector, ...] = ()
    ingress_selectors: Tuple[Selector, ...] = ()

    CLEAN: ClassVar[Link]

    def __getitem__(self, direction: Direction) -> Impairment:
        return self.egress if direction is Direction.EGRESS else self.ingress

    def __str__(self) -> str:
        """The link as an operator reads it."""
        return "; ".join(f"{each.value} {self[each]}{self._which(each)}" for each in DIRECTIONS)

    @property
    def is_clean(self) -> bool:
        """True when no packet is impaired, whatever the selectors say."""
        return self.egress.is_none and self.ingress.is_none

    def selectors(self, direction: Direction) -> Tuple[Selector, ...]:
        """Which packets of a direction are impaired; none for all of them."""
        return self.egress_selectors if direction is Direction.EGRESS else self.ingress_selectors

    def with_impairment(self, direction: Direction, impairment: Impairment) -> Link:
        """This link with another impairment in one direction."""
        if direction is Direction.EGRESS:
            return replace(self, egress=impairment)
        return replace(self, ingress=impairment)

    def with_selectors(self, direction: Direction, selectors: Tuple[Selector, ...]) -> Link:
        """This link with these selectors in one direction, in place of those that it had."""
        if direction is Direction.EGRESS:
            return replace(self, egress_selectors=in_order(selectors))
        return replace(self, ingress_selectors=in_order(selectors))

    def with_selector(self, direction: Direction, selector: Selector) -> Link:
        """This link with one more selector, which replaces that of its priority."""
        others = [e for e in self.selectors(direction) if e.priority != selector.priority]
        return self.with_selectors(direction, (*others, selector))

    def _which(self, direction: Direction) -> str:
        selectors = "; ".join(map(str, self.selectors(direction)))
        return f" ({selectors})" if selectors and not self[direction].is_none else ""


Link.CLEAN = Link()
