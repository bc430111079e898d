# SPDX-License-Identifier: Apache-2.0
"""The QoS rule types that make a link, declared once: all who need them loop over these."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Mapping, Optional, Tuple

from networking_netem.domain.attribute import Attribute, Choice, Number
from networking_netem.domain.impairment import MAXIMA, NONE, Impairment
from networking_netem.domain.link import Direction


@dataclass(frozen=True)
class RuleType:
    """One kind of rule in a QoS policy: its name in the API and the attributes it has."""

    name: str
    help: str
    attributes: Tuple[Attribute, ...]

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


def _number(
    field: str,
    name: str,
    unit: str,
    help: str,
    *,
    decimals: int = 0,
    minimum: int = 0,
    default: Optional[int] = None,
) -> Number:
    """A number whose maximum is that of the field of `Impairment` which it sets.

    Raises ``ValueError`` for a field that `Impairment` does not have.
    """
    if field not in MAXIMA or not hasattr(NONE, field):
        raise ValueError(
            f"{name} sets {field}: domain/impairment.py needs it in Impairment and in MAXIMA"
        )
    maximum = MAXIMA[field] // 10**decimals
    return Number(name, minimum, maximum, decimals, unit, help, default, field)


DELAY_MS = _number(
    "delay_us", "delay_ms", "milliseconds", "One-way delay added to every packet.", decimals=3
)
DELAY_CORRELATION_MS = _number(
    "jitter_us",
    "delay_correlation_ms",
    "milliseconds",
    "Jitter: how far the delay of a packet may lie from the mean, in either direction.",
    decimals=3,
    default=0,
)
LOSS_PCT = _number(
    "loss_ppm", "loss_pct", "percent", "Share of the packets that is dropped.", decimals=4
)
LOSS_BURST_PACKETS = _number(
    "loss_burst_hundredths",
    "loss_burst_packets",
    "packets",
    "Mean length of a run of lost packets; 1 loses each packet by itself.",
    decimals=2,
    minimum=1,
    default=1,
)
DUPLICATE_PCT = _number(
    "duplicate_ppm",
    "duplicate_pct",
    "percent",
    "Share of the packets that arrive twice.",
    decimals=4,
)
CORRUPT_PCT = _number(
    "corrupt_ppm",
    "corrupt_pct",
    "percent",
    "Share of the packets that arrive with one bit turned.",
    decimals=4,
)
REORDER_PCT = _number(
    "reorder_ppm",
    "reorder_pct",
    "percent",
    "Share of the packets that skip the delay, and overtake others.",
    decimals=4,
)
MAX_KBPS = _number("rate_kbps", "max_kbps", "kbit/s", "Bandwidth.", minimum=1)
# Neutron calls it kbps, but it is kilobits: what may pass at once (17-29).
MAX_BURST_KBPS = _number("burst_kbit", "max_burst_kbps", "kbit", "Size of a burst.", default=0)
DIRECTION = Choice(
    "direction",
    choices=tuple(each.value for each in Direction),
    default=Direction.EGRESS.value,
    help="Which packets: those that the instance sends (egress) or receives (ingress).",
)

DELAY = RuleType(
    "delay",
    help="Delay, with jitter",
    attributes=(DELAY_MS, DELAY_CORRELATION_MS, DIRECTION),
)
LOSS = RuleType("loss", help="Packet loss", attributes=(LOSS_PCT, LOSS_BURST_PACKETS, DIRECTION))
DUPLICATE = RuleType("duplicate", help="Duplication", attributes=(DUPLICATE_PCT, DIRECTION))
CORRUPT = RuleType("corrupt", help="Corruption", attributes=(CORRUPT_PCT, DIRECTION))
REORDER = RuleType("reorder", help="Reordering", attributes=(REORDER_PCT, DIRECTION))
BANDWIDTH_LIMIT = RuleType(
    "bandwidth_limit", help="Bandwidth", attributes=(MAX_KBPS, MAX_BURST_KBPS, DIRECTION)
)

RULE_TYPES = (DELAY, LOSS, DUPLICATE, CORRUPT, REORDER)
"""What this package adds to Neutron's rule types."""
NAMES = tuple(each.name for each in RULE_TYPES)
IMPOSED = (BANDWIDTH_LIMIT, *RULE_TYPES)
"""What makes a link: Neutron's own bandwidth limit, and ours."""
