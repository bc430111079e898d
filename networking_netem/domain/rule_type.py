# SPDX-License-Identifier: Apache-2.0
"""What a kind of rule in a QoS policy is, and what its rules make of a link."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Mapping, Tuple

from networking_netem.domain.attribute import Attribute, Choice, Number
from networking_netem.domain.impairment import NONE, Impairment
from networking_netem.domain.link import Direction, Link

DIRECTION = Choice(
    "direction",
    choices=tuple(each.value for each in Direction),
    default=Direction.EGRESS.value,
    help="Which packets: those that the instance sends (egress) or receives (ingress).",
)


@dataclass(frozen=True)
class Shown:
    """What the API shows of a rule and nobody sets: its name, and what it says."""

    name: str
    help: str


@dataclass(frozen=True)
class RuleType:
    """One kind of rule in a QoS policy: its name in the API and the attributes it has.

    ``key`` names the attributes of which no two rules of a policy have the same values. ``asked``
    can be set and is not kept, ``shown`` is worked out when somebody looks.
    """

    name: str
    help: str
    attributes: Tuple[Attribute, ...]
    key: Tuple[str, ...] = (DIRECTION.name,)
    asked: Tuple[Attribute, ...] = ()
    shown: Tuple[Shown, ...] = ()

    @property
    def member(self) -> str:
        """The key of one rule in a body."""
        return f"{self.name}_rule"

    @property
    def collection(self) -> str:
        """The key of a list of rules in a body, and the last part of their path."""
        return f"{self.name}_rules"

    @property
    def numbers(self) -> Tuple[Number, ...]:
        """The attributes that say how much; each sets one field of an impairment."""
        return tuple(each for each in self.attributes if isinstance(each, Number))

    def directions(self, name: str) -> Tuple[Direction, ...]:
        """The directions of a link that a rule is about, by the value of its attribute."""
        return (Direction(name),)

    def check(self, values: Mapping[str, Any]) -> None:
        """Raise `InvalidValue` where the values of a rule, each parsed, do not go together."""

    def put(self, impairment: Impairment, values: Mapping[str, Any]) -> Impairment:
        """The impairment with the fields of this type set by a rule; the other fields stay.

        `values` are the rule's in the API's units, by name of attribute. An absent one counts as
        its default.
        """
        steps = {each.field: each.steps(values.get(each.name)) for each in self.numbers}
        return replace(impairment, **steps)

    def drop(self, impairment: Impairment) -> Impairment:
        """The impairment with the fields of this type set to none; the other fields stay."""
        fields = [each.field for each in self.numbers]
        return replace(impairment, **{field: getattr(NONE, field) for field in fields})

    def put_on(self, link: Link, direction: Direction, values: Mapping[str, Any]) -> Link:
        """The link with what a rule says of one direction; `values` are as for ``put``."""
        return link.with_impairment(direction, self.put(link[direction], values))

    def drop_from(self, link: Link, direction: Direction) -> Link:
        """The link without what rules of this type say of one direction."""
        return link.with_impairment(direction, self.drop(link[direction]))
