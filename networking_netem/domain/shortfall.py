# SPDX-License-Identifier: Apache-2.0
"""What the kernel cannot do of what was asked: phrases for the log, with both figures."""

from __future__ import annotations

from typing import Iterator, Tuple

from networking_netem.domain import units
from networking_netem.domain.corruption import corruptible
from networking_netem.domain.impairment import MAXIMA, Impairment
from networking_netem.domain.jitter import exponential_slot, spread_ns
from networking_netem.domain.link import DIRECTIONS, Direction, Link
from networking_netem.domain.loss import chances, least_burst_packets, shares
from networking_netem.domain.tree import MTU_BYTES, installed_bytes_per_s, shares_asked

TOLERANCE = 0.02
"""A figure that is too small by no more than this share is not reported."""


def shortfalls(link: Link, mtu_bytes: int = MTU_BYTES) -> Tuple[str, ...]:
    """A phrase for each figure that is installed instead of the asked one; none when all is.

    Of a timeline, each phrase is said once, with the first step that it is about.
    """
    phrases = {
        f"{direction.value}: {phrase}": when
        for direction in DIRECTIONS
        for when, asked in reversed(list(_asked(link, direction)))
        for phrase in _phrases(direction, asked, mtu_bytes)
    }
    return tuple(f"{phrase}{when}" for phrase, when in phrases.items())


def _asked(link: Link, direction: Direction) -> Iterator[Tuple[str, Impairment]]:
    """What is asked of a direction, at all times and by each step of its timeline."""
    yield "", link[direction]
    timeline = link.timeline(direction)
    for number, step in enumerate(timeline.steps if timeline else (), 1):
        yield f" (step {number} of its timeline)", step.over(link[direction])


def _phrases(direction: Direction, asked: Impairment, mtu_bytes: int) -> Tuple[str, ...]:
    safe = corruptible(direction, asked)
    parts = (_jitter(safe), _runs(safe), _doubles(safe), _beside_corruption(asked, safe))
    return sum(parts, ()) + _reorder(safe) + _rate(safe, mtu_bytes)


def _beside_corruption(asked: Impairment, safe: Impairment) -> Tuple[str, ...]:
    if safe == asked:
        return ()
    return (
        f"{asked.duplicate_ppm / 10_000:g} % of the packets cannot arrive twice beside corruption "
        f"of what an instance sends, which Linux does not survive; none do",
    )


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


def _runs(impairment: Impairment) -> Tuple[str, ...]:
    asked = shares_asked(impairment)
    if not impairment.loses_in_runs or asked.burst_packets >= least_burst_packets(asked.loss):
        return ()
    return (
        f"a loss of {impairment.loss_ppm / 10_000:g} % cannot come in runs of "
        f"{asked.burst_packets:g} packets; runs of {least_burst_packets(asked.loss):.2f} are "
        f"installed, the least",
    )


def _doubles(impairment: Impairment) -> Tuple[str, ...]:
    asked = shares_asked(impairment)
    installed = shares(chances(asked))
    if impairment.loses_all or installed.duplicate >= asked.duplicate * (1 - TOLERANCE):
        return ()
    runs = f" in runs of {asked.burst_packets:g}" if impairment.loses_in_runs else ""
    return (
        f"{impairment.duplicate_ppm / 10_000:g} % of the packets cannot arrive twice beside a loss "
        f"of {impairment.loss_ppm / 10_000:g} %{runs}; {100 * installed.duplicate:.4g} % do, the "
        f"most",
    )


def _reorder(impairment: Impairment) -> Tuple[str, ...]:
    if not impairment.reorder_ppm or impairment.delay_us:
        return ()
    return (
        f"reordering of {impairment.reorder_ppm / 10_000:g} % needs a delay in its direction to "
        f"skip; nothing is reordered",
    )


def _rate(impairment: Impairment, mtu_bytes: int) -> Tuple[str, ...]:
    installed = installed_bytes_per_s(impairment.rate_kbps, mtu_bytes)
    if installed == units.bytes_per_s(impairment.rate_kbps):
        return ()
    return (
        f"bandwidth {impairment.rate_kbps} kbit/s cannot carry frames of an MTU of {mtu_bytes}; "
        f"{installed * 8 / 1000:.3f} kbit/s is installed, the least",
    )
