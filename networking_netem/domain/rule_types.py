# SPDX-License-Identifier: Apache-2.0
"""The QoS rule types that make a link, declared once: all who need them loop over these."""

from __future__ import annotations

from typing import Optional

from networking_netem.domain.attribute import Number
from networking_netem.domain.impairment import MAXIMA, NONE
from networking_netem.domain.rule_type import DIRECTION as DIRECTION
from networking_netem.domain.rule_type import RuleType as RuleType
from networking_netem.domain.selector_rule import SELECTOR as SELECTOR


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

RULE_TYPES = (DELAY, LOSS, DUPLICATE, CORRUPT, REORDER, SELECTOR)
"""What this package adds to Neutron's rule types."""
NAMES = tuple(each.name for each in RULE_TYPES)
IMPOSED = (BANDWIDTH_LIMIT, *RULE_TYPES)
"""What makes a link: Neutron's own bandwidth limit, and ours."""
