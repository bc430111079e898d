# SPDX-License-Identifier: Apache-2.0
"""The numbers of rules, declared once: each sets one field of an impairment."""

from __future__ import annotations

from typing import Optional

from networking_netem.domain.attribute import Number
from networking_netem.domain.impairment import MAXIMA, NONE


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
