# SPDX-License-Identifier: Apache-2.0
"""Runs of losses, copies, corruption and reordering: judged by the probe, and counted."""

from __future__ import annotations

import contextlib
import itertools
import socket
from collections import Counter
from dataclasses import replace
from functools import partial
from typing import Callable, Dict

import pytest

from netem_lab.probe.arrivals import overtaking
from netem_lab.probe.endpoint import inside
from netem_lab.probe.flow import WIRE_OVERHEAD_BYTES
from netem_lab.probe.payload import differing_bits
from netem_lab.verdict.counts import independent_share
from netem_lab.verdict.doubt import Doubt
from netem_lab.verdict.judging import judge, probe
from netem_lab.verdict.row import Verdict
from netem_lab.verdict.statistics import clopper_pearson
from networking_netem.domain.impairment import Impairment
from networking_netem.domain.link import Direction, Link
from tests.kernel.conftest import ip
from tests.kernel.counted import SO_RCVBUFFORCE, numbers_through, payloads_through
from tests.kernel.two_vms import PAIR, PROBER, TAP

from .test_packets import EDITS, both, datagrams, edits_under, impose  # noqa: F401

Impose = Callable[[Link], None]

ALL = Impairment(
    50_000, 5_000, 50_000, 20_000, 0, 300, duplicate_ppm=20_000, corrupt_ppm=10_000,
    reorder_ppm=50_000,
)  # fmt: skip
ALONE = {
    "runs": Impairment(loss_ppm=50_000, loss_burst_hundredths=300),
    "copies": Impairment(duplicate_ppm=50_000),
    "corrupt": Impairment(corrupt_ppm=50_000),
    "reordered": Impairment(delay_us=50_000, reorder_ppm=50_000),
    "copies and losses": Impairment(loss_ppm=100_000, duplicate_ppm=100_000),
    "all but copies": replace(ALL, duplicate_ppm=0),
    "all but corruption": replace(ALL, corrupt_ppm=0),
}


@pytest.mark.parametrize("asked", ALONE.values(), ids=ALONE)
def test_the_probe_finds_what_was_asked_and_nothing_else(
    impose: Impose,  # noqa: F811
    asked: Impairment,
) -> None:
    assert_found(impose, both(asked))


def test_all_at_once_is_found(impose: Impose) -> None:  # noqa: F811
    """Linux would not survive copies of corrupt packets that an instance sends."""
    assert_found(impose, Link(egress=replace(ALL, duplicate_ppm=0), ingress=ALL))


def assert_found(impose: Impose, link: Link) -> None:  # noqa: F811
    impose(link)
    rows = judge(PROBER, PAIR, link, probe(PROBER, PAIR, link))
    for row in rows:
        print(f"{row.direction} {row.what}: {row.asked}; {row.measured}; {row.verdict.value}")
    assert [row for row in rows if row.verdict not in (Verdict.GOOD, Verdict.SHOWN)] == [
        row for row in rows if row.verdict is Verdict.UNSURE and row.doubt is Doubt.STALLED
    ]


# A right link is outside of an interval of 99 % in 1 of 100 tests, and of this one in 1 of 10 000.
interval = partial(clopper_pearson, confidence=0.9999)

# The mean run is off by 15 % in 1 of 2000 tests: n runs have a standard error of B sqrt((1-1/B)/n).
_RUNS = 550


@pytest.mark.parametrize("direction", Direction, ids=lambda each: each.value)
@pytest.mark.parametrize(
    ("loss_pct", "burst"),
    [
        *((10, 1), (10, 3), (10, 10), (5, 3)),
        *(
            pytest.param(loss, burst, marks=pytest.mark.figures)
            for loss, burst in ((1, 1), (1, 3), (1, 10), (5, 1), (5, 10))
        ),
    ],
)
def test_losses_have_their_mean_and_their_runs_frame_by_frame(
    impose: Impose,  # noqa: F811
    direction: Direction,
    loss_pct: int,
    burst: int,
) -> None:
    asked = Impairment(
        loss_ppm=loss_pct * 10_000, loss_burst_hundredths=burst * 100, duplicate_ppm=10_000
    )
    impose(Link().with_impairment(direction, asked))
    sent = _RUNS * burst * 100 // loss_pct
    arrived = Counter(numbers_through(direction, sent))
    runs = [
        len(list(run))
        for is_lost, run in itertools.groupby(range(sent), lambda n: n not in arrived)
        if is_lost
    ]
    lost, mean = sum(runs), sum(runs) / len(runs)
    twice = sum(count == 2 for count in arrived.values())
    worth = independent_share(asked)
    counted = round(lost * worth), round(sent * worth)
    low, high = (100 * s for s in interval(*counted))
    of_99 = ", ".join(f"{100 * share:.2f}" for share in clopper_pearson(*counted))
    doubled = [100 * share for share in interval(twice, len(arrived))]
    print(f"{direction.value}, {loss_pct} % in runs of {burst}, 1 % twice: lost "
          f"{100 * lost / sent:.2f} % [{of_99}] of {sent}, mean run {mean:.2f}, "
          f"twice {100 * twice / len(arrived):.2f} % "
          f"[{doubled[0]:.2f}, {doubled[1]:.2f}]")  # fmt: skip
    asked_run = burst if burst > 1 else 1 / (1 - loss_pct / 100)
    assert mean == pytest.approx(asked_run, rel=0.15)
    assert low <= loss_pct <= high
    assert doubled[0] <= 1 <= doubled[1]
    assert max(arrived.values()) == 2


SENT = 20_000
AT_THE_HEAD = 6
"""Of 10 % that skip, so many do one after the other, from the first, in 1 of a million tests."""
PAYLOAD = b"\x5a" * 1400
FRAME_BYTES = len(PAYLOAD) + WIRE_OVERHEAD_BYTES
_ETH_P_ALL = 3


@pytest.mark.parametrize("direction", Direction, ids=lambda each: each.value)
def test_one_bit_of_a_corrupt_frame_is_turned(
    impose: Impose,  # noqa: F811
    direction: Direction,
) -> None:
    impose(Link().with_impairment(direction, Impairment(corrupt_ppm=20_000)))
    arrived = payloads_through(direction, PAYLOAD, SENT, with_checksum=False)
    bits = Counter(differing_bits(each, PAYLOAD) for each in arrived)
    low, high = interval(bits[1], SENT)
    print(f"{direction.value}, 2 % corrupt: {bits[1]} of {SENT} payloads differ, "
          f"{len(arrived)} arrived, bits turned {dict(bits)}")  # fmt: skip
    assert set(bits) == {0, 1}
    assert low <= 0.02 * len(PAYLOAD) / FRAME_BYTES <= high


def test_a_corrupt_frame_may_have_data_that_others_look_at(impose: Impose) -> None:  # noqa: F811
    """A packet socket shares the data of all that it has not yet read. Copies are not shared."""
    asked = Impairment(corrupt_ppm=20_000, duplicate_ppm=20_000)
    impose(Link(egress=asked))
    with contextlib.ExitStack() as stack:
        for namespace, device in ((None, TAP), (PAIR.first, "eth0")):
            with inside(namespace) if namespace else contextlib.nullcontext():
                looking = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
            stack.enter_context(looking)
            looking.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 256 << 20)
            looking.bind((device, 0))
        arrived = payloads_through(Direction.EGRESS, PAYLOAD, SENT, with_checksum=False)
    corrupt = sum(each != PAYLOAD for each in arrived)
    low, high = interval(corrupt, SENT)
    print(f"with packet sockets: {corrupt} of {SENT} payloads differ, {len(arrived)} arrived")
    assert len(arrived) <= SENT
    assert low <= 0.02 * len(PAYLOAD) / FRAME_BYTES <= high


@pytest.mark.parametrize("direction", Direction, ids=lambda each: each.value)
def test_a_corrupt_frame_with_a_checksum_does_not_arrive(
    impose: Impose,  # noqa: F811
    direction: Direction,
) -> None:
    impose(Link().with_impairment(direction, Impairment(corrupt_ppm=20_000)))
    receiver = PAIR.way(direction)[1]
    before = udp(receiver)
    arrived = payloads_through(direction, PAYLOAD, SENT, with_checksum=True)
    wrong = udp(receiver)["InCsumErrors"] - before["InCsumErrors"]
    low, high = interval(wrong, SENT)
    print(f"{direction.value}, 2 % corrupt: {wrong} checksum errors, {len(arrived)} arrived")
    assert set(arrived) == {PAYLOAD}
    assert low <= 0.02 * (8 + len(PAYLOAD)) / FRAME_BYTES <= high


def udp(vm: str) -> Dict[str, int]:
    """Return the kernel's counts of UDP packets in a VM."""
    lines = ip("netns", "exec", vm, "cat", "/proc/net/snmp").splitlines()
    names, values = (line.split()[1:] for line in lines if line.startswith("Udp:"))
    return dict(zip(names, map(int, values)))


@pytest.mark.parametrize("direction", Direction, ids=lambda each: each.value)
def test_who_skips_the_delay_overtakes_the_rest(
    impose: Impose,  # noqa: F811
    direction: Direction,
) -> None:
    """All are sent within the delay. Those that skip it come first, and the others in order."""
    impose(Link().with_impairment(direction, Impairment(delay_us=2_000_000, reorder_ppm=100_000)))
    sent = 6_000
    arrived = numbers_through(direction, sent, quiet_s=4.0)
    early = overtaking(arrived)
    low, high = interval(len(early), sent)
    last = max(map(arrived.index, early))
    print(f"{direction.value}, 10 % reordered: {len(early)} of {sent} came first, "
          f"the last of them as number {last + 1}")  # fmt: skip
    assert sorted(arrived) == list(range(sent))
    left = [number for number in arrived if number not in early]
    assert left == sorted(left)
    assert low <= 0.1 <= high
    # Each overtook all that waited. The first packets of all may skip, and overtake nothing.
    assert last < len(early) + AT_THE_HEAD


def test_edits_of_each_lose_nothing(impose: Impose) -> None:  # noqa: F811
    """Nothing is to be lost, so that each packet that is missing would be an edit's."""
    shares = itertools.cycle((10_000, 0, 50_000))
    base = Impairment(delay_us=20_000)

    def edited() -> Link:
        one, other = next(shares), next(shares)
        return Link(
            egress=replace(base, duplicate_ppm=one, loss_burst_hundredths=100 + one // 100),
            ingress=replace(base, reorder_ppm=other, duplicate_ppm=one),
        )

    impose(edited())
    made = 0
    while made < EDITS:
        flows = datagrams(1000, 20.0)
        now_made, answers = edits_under(flows, lambda: impose(edited()), EDITS - made)
        made += now_made
        seen = [answers[flow.key] for flow in flows]
        print(f"{made} edits: lost {[s.lost for s in seen]}, doubled "
              f"{[s.duplicates for s in seen]}, overtaking {[s.overtaking for s in seen]}, "
              f"of {[s.sent for s in seen]}")  # fmt: skip
        assert now_made
        assert [s.lost for s in seen] == [0, 0]
        assert seen[0].overtaking == 0
        assert all(s.duplicates for s in seen)
        assert seen[1].overtaking
