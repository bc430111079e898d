# SPDX-License-Identifier: Apache-2.0
"""The link of one port: an impairment for each direction."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from typing import ClassVar

from networking_netem.domain.impairment import NONE, Impairment


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
    """The two impairments of one port, as the instance sees them."""

    egress: Impairment = NONE
    ingress: Impairment = NONE

    CLEAN: ClassVar[Link]

    def __getitem__(self, direction: Direction) -> Impairment:
        return self.egress if direction is Direction.EGRESS else self.ingress

    def __str__(self) -> str:
        """The link as an operator reads it."""
        return f"egress {self.egress}; ingress {self.ingress}"

    def with_impairment(self, direction: Direction, impairment: Impairment) -> Link:
        """This link with another impairment in one direction."""
        if direction is Direction.EGRESS:
            return replace(self, egress=impairment)
        return replace(self, ingress=impairment)


Link.CLEAN = Link()
