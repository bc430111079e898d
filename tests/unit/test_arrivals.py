# SPDX-License-Identifier: Apache-2.0
"""What a sample says of arrivals: loss, order, copies, delays and rate."""

from __future__ import annotations

from dataclasses import replace

import pytest

from netem_lab.probe.arrivals import (
    Arrival,
    Sending,
    middle90,
    overtaking,
    reordered,
    sample,
    spread,
)
from netem_lab.probe.flow import Datagrams, Key

MS = 1_000_000
FLOW = Datagrams(Key("egress", "delay"), "vm1", "vm2", pps=1000, count=8, settle_count=2)
SENDING = Sending(10, settled_from=2, measured_from=2, measured_ns=2 * MS, last_ns=9 * MS)


def arrivals(*numbers: int, delay_ms: float = 5) -> list:
    """Packets in this order of arrival, sent a millisecond apart."""
    return [Arrival(n, n * MS, n * MS + int(delay_ms * MS)) for n in numbers]


@pytest.mark.parametrize(
    ("numbers", "late"),
    [
        ([], 0),
        ([0, 1, 2, 3], 0),
        ([0, 2, 5], 0),  # gaps are losses
        ([0, 2, 1, 3], 1),
        ([3, 0, 1, 2], 3),
        ([0, 1, 1, 2], 0),  # a copy that follows at once is not reordered
        ([0, 2, 1, 2], 1),
    ],
)
def test_reordered_is_what_came_after_a_higher_number(numbers: list, late: int) -> None:
    assert reordered(numbers) == late


def test_all_arrived() -> None:
    found = sample(FLOW, SENDING, arrivals(*range(10)))
    assert (found.sent, found.received, found.lost) == (8, 8, 0)
    assert (found.duplicates, found.reordered, found.ordered) == (0, 0, 8)
    assert (found.mean_ms, found.sd_ms) == (5, 0)
    assert (found.all_sent, found.all_received) == (10, 10)
    assert found.offered_kbps == pytest.approx(480)  # a frame of 60 bytes in each millisecond
    assert found.wire_kbps == pytest.approx(480)


def test_a_lost_packet_a_copy_and_disorder_are_different_things() -> None:
    found = sample(FLOW, SENDING, arrivals(0, 1, 2, 4, 3, 5, 5, 8, 9))
    assert (found.sent, found.lost, found.duplicates, found.reordered) == (8, 2, 1, 1)
    assert (found.all_sent, found.all_received) == (10, 8)


def test_the_delay_of_a_copy_does_not_count() -> None:
    late_copy = Arrival(2, 2 * MS, 900 * MS)
    assert sample(FLOW, SENDING, [*arrivals(*range(10)), late_copy]).mean_ms == 5


def test_nothing_is_measured_before_the_flow_has_settled() -> None:
    found = sample(FLOW, SENDING, [*arrivals(1, 0, delay_ms=50), *arrivals(*range(2, 10))])
    assert (found.lost, found.reordered, found.mean_ms) == (0, 0, 5)
    assert found.all_received == 10


def test_during_an_edit_only_order_counts() -> None:
    sending = replace(SENDING, measured_from=6, measured_ns=6 * MS)
    found = sample(FLOW, sending, [*arrivals(0, 1, 3, 2, delay_ms=50), *arrivals(6, 7, 8, 9)])
    assert (found.sent, found.lost, found.reordered, found.mean_ms) == (4, 0, 1, 5)
    assert (found.all_sent, found.all_received) == (10, 8)


def test_packets_that_a_stall_made_late_have_no_delay_but_have_arrived() -> None:
    held = [Arrival(n, n * MS, 40 * MS) for n in (5, 6)]
    came = [*arrivals(*range(5)), *held, *arrivals(7, 8, 9, delay_ms=35)]
    found = sample(FLOW, SENDING, came, stalls_ns=[(1 * MS, 2 * MS), (12 * MS, 41 * MS)])
    assert (found.received, found.stalled) == (8, 2)
    assert found.mean_ms == pytest.approx((3 * 5 + 3 * 35) / 6)


def test_packets_that_a_stall_held_up_before_the_kernel_had_them_have_no_delay() -> None:
    sending = replace(SENDING, held={3})
    came = [*arrivals(*range(3)), Arrival(3, 3 * MS, 48 * MS), *arrivals(*range(4, 10))]
    found = sample(FLOW, sending, came)
    assert (found.received, found.stalled, found.mean_ms) == (8, 1, 5)


def test_nothing_arrived() -> None:
    found = sample(FLOW, SENDING, [])
    assert (found.lost, found.mean_ms, found.sd_ms, found.wire_kbps) == (8, None, None, None)


def test_the_rate_is_taken_while_the_sender_kept_the_link_busy() -> None:
    """A queue of 4 ms drains after the last packet is sent; those packets do not count."""
    drained = [Arrival(n, n * MS, 5 * MS + n * 2 * MS) for n in range(10)]
    assert sample(FLOW, SENDING, drained).wire_kbps == pytest.approx(240)


def test_spread_and_the_middle() -> None:
    assert spread([]) == (None, None)
    assert spread([2, 4, 4, 4, 5, 5, 7, 9]) == (5, 2)
    assert middle90([]) is None
    assert middle90([*[1.0] * 97, 40.0, 50.0, 60.0]) == 0
    assert middle90([float(n) for n in range(100)]) == 44.5


@pytest.mark.parametrize(
    ("numbers", "early"),
    [([0, 1, 2], set()), ([2, 0, 1], {2}), ([0, 3, 4, 1, 2], {3, 4}), ([0, 2, 2, 1, 2], {2})],
)
def test_overtaking_is_what_came_before_a_lower_number(numbers: list, early: set) -> None:
    assert overtaking(numbers) == early


def test_runs_of_losses_copies_of_corrupt_and_who_skipped_the_delay() -> None:
    late = arrivals(0, 1, 2, 6, 3, 4, delay_ms=50)
    late[3] = Arrival(6, 6 * MS, 6 * MS)
    late[2] = Arrival(2, 2 * MS, 52 * MS, corrupt_bits=1)
    found = sample(FLOW, SENDING, late)
    assert (found.lost, found.loss_runs) == (4, 2)
    assert (found.overtaking, found.distinct, found.mean_ms) == (1, 4, 50)
    assert (found.corrupt, found.corrupt_bits) == (1, 1)
