# SPDX-License-Identifier: Apache-2.0
"""What the kernel cannot do of what was asked: phrases for the log, with both figures."""

from __future__ import annotations

from typing import Tuple

from networking_netem.domain import units
from networking_netem.domain.impairment import MAXIMA, Impairment
from networking_netem.domain.jitter import exponential_slot, spread_ns
from networking_netem.domain.tree import MTU_BYTES, installed_bytes_per_s

TOLERANCE = 0.02
"""A standard deviation that is too small by no more than this share is not reported."""


def shortfalls(impairment: Impairment, mtu_bytes: int = MTU_BYTES) -> Tuple[str, ...]:
    """A phrase for each figure that is installed instead of the asked one; none when all is."""
    return _jitter(impairment) + _rate(impairment, mtu_bytes)


def _jitter(impairment: Impairment) -> Tuple[str, ...]:
    asked_ns = spread_ns(MAXIMA["delay_us"], impairment.jitter_us)
    slot = exponential_slot(spread_ns(impairment.delay_us, impairment.jitter_us))
    installed_ns = slot.deviation_ns if slot else 0.0
    if installed_ns >= asked_ns * (1 - TOLERANCE):
        return ()
    return (
        f"jitter {impairment.jitter_us / 1000:g} ms asks for a standard deviation of "
        f"{asked_ns / 1e6:.3f} ms; {installed_ns / 1e6:.3f} ms is installed, the most at a delay "
        f"of {impairment.delay_us / 1000:g} ms",
    )


def _rate(impairment: Impairment, mtu_bytes: int) -> Tuple[str, ...]:
    installed = installed_bytes_per_s(impairment.rate_kbps, mtu_bytes)
    if installed == units.bytes_per_s(impairment.rate_kbps):
        return ()
    return (
        f"bandwidth {impairment.rate_kbps} kbit/s cannot carry frames of an MTU of {mtu_bytes}; "
        f"{installed * 8 / 1000:.3f} kbit/s is installed, the least",
    )
