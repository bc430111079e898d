# SPDX-License-Identifier: Apache-2.0
"""Selectors on a real kernel: which frames go past the link, and edits while frames run."""

from __future__ import annotations

import itertools
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import replace
from typing import Callable, Dict, Iterator, List, Sequence, Tuple

import pytest

from networking_netem.domain.diff import diff
from networking_netem.domain.impairment import Impairment
from networking_netem.domain.link import Direction, Link
from networking_netem.domain.plan import plan
from networking_netem.domain.selector import IMPAIR, IPV6, PASS, Selector
from networking_netem.domain.step import SetPasses, Step
from networking_netem.kernel import guard
from networking_netem.kernel.apply import apply
from networking_netem.kernel.netlink import Answer, Netlink, Request
from networking_netem.kernel.observe import observe
from tests.support import selection
from tests.support.frame import (
    DESTINATION,
    HOP_BY_HOP,
    ICMP,
    ICMPV6,
    ROUTING,
    TCP,
    UDP,
    Frame,
)
from tests.support.waiting import wait_until

from .conftest import ip, tc
from .test_repair import MEDIAN_REPAIR_S, Agent, is_held
from .two_vms import PAIR, TAP
from .wire import STAMP_BYTES, Wire

DEAD = Impairment(loss_ppm=1_000_000)
ROOM = bytes(STAMP_BYTES + 6)

Impose = Callable[[Link], Tuple[Step, ...]]


@pytest.fixture
def impose(two_vms: None, netlink: Netlink) -> Impose:
    """Makes the kernel hold a link on the first VM's tap; returns the steps that it took."""

    def sent(requests: Sequence[Request]) -> Sequence[Answer]:
        assert not any(map(guard.refusal, requests)), "the privileged process would refuse it"
        return netlink.transact(requests)

    def imposed(link: Link) -> Tuple[Step, ...]:
        taken: Tuple[Step, ...] = ()
        for _ in range(4):
            left = diff(plan(link), observe(netlink, [TAP])[TAP])
            if left.is_none:
                return taken
            assert apply(sent, left.steps) == ()
            taken += left.steps
        raise AssertionError(f"still to do: {left}")

    return imposed


@pytest.fixture
def wires(two_vms: None) -> Iterator[Dict[Direction, Wire]]:
    opened = {direction: Wire(direction) for direction in Direction}
    yield opened
    for wire in opened.values():
        wire.close()


def link_with(
    impairment: Impairment, selectors: Sequence[Selector], direction: Direction | None = None
) -> Link:
    """The same in both directions, or in one."""
    link = Link.CLEAN
    for each in Direction if direction is None else (direction,):
        link = link.with_impairment(each, impairment).with_selectors(each, tuple(selectors))
    return link


SSH = Selector(10, PASS, protocol=TCP, port_range_min=22, port_range_max=22)
EIGHT = [
    Selector(1, IMPAIR, protocol=TCP, port_range_min=22, port_range_max=22,
             remote_ip_prefix="10.0.0.2"),
    Selector(2, PASS, protocol=TCP, port_range_min=20, port_range_max=30),
    Selector(3, PASS, IPV6, UDP, 53, 53, "2001:db8:1:40::/58"),
    Selector(4, IMPAIR, IPV6, ICMPV6, 128),
    Selector(5, PASS, IPV6, TCP),
    Selector(6, PASS, protocol=ICMP, port_range_min=8, port_range_max=0),
    Selector(7, IMPAIR, protocol=UDP, remote_ip_prefix="192.0.2.0/24"),
    Selector(1000, PASS, protocol=132, port_range_min=1, port_range_max=65_535),
]  # fmt: skip
POLICIES: Dict[str, List[Selector]] = {
    "ssh passes": [SSH],
    "ssh and IPv6 pass": [SSH, Selector(11, PASS, IPV6)],
    "one service is impaired": [
        Selector(0, IMPAIR, protocol=UDP, port_range_min=53, port_range_max=53),
        Selector(1, IMPAIR, IPV6, UDP, 53, 53),
    ],
    "a network is impaired, but not its echo": [
        Selector(3, PASS, protocol=ICMP),
        Selector(4, IMPAIR, remote_ip_prefix="192.0.2.0/25"),
        Selector(5, IMPAIR, IPV6, remote_ip_prefix="2001:db8:1:42::7/128"),
    ],
    "eight": EIGHT,
    "eight that pass": [replace(each, action=PASS) for each in EIGHT],
}

PAIRS = [("10.0.0.1", "10.0.0.2"), ("10.0.0.1", "192.0.2.7"), ("192.0.2.20", "10.0.0.1")]
PAIRS_6 = [("fd00::1", "fd00::2"), ("fd00::1", "2001:db8:1:42::7"), ("2001:db8:1:42::7", "fd00::1")]
TAGS: List[Tuple[int, ...]] = [(), (0x8100,), (0x88A8, 0x8100)]
CHAINS: List[Tuple[Tuple[int, int], ...]] = [
    (),
    ((HOP_BY_HOP, 0),),
    ((HOP_BY_HOP, 1), (DESTINATION, 0), (ROUTING, 2), (DESTINATION, 1)),
]


def kinds(version: int) -> Iterator[Tuple[int, Tuple[int, int]]]:
    for protocol in (TCP, UDP, 132):
        yield from ((protocol, ports) for ports in ((22, 4000), (4000, 53), (25, 1), (7, 9)))
    icmp = ICMP if version == 4 else ICMPV6
    yield from ((icmp, (8 if version == 4 else 128, 0)), (icmp, (3, 4)))
    yield (50, (22, 53))


def frames() -> Iterator[Frame]:
    """Frames of all kinds: what they carry, tags, options, extension headers, fragments."""
    for tags, fragment in itertools.product(TAGS, (None, 0, 5)):
        for pair, options in itertools.product(PAIRS, (0, 12)):
            for protocol, ports in kinds(4):
                yield Frame(*pair, protocol, ports, tags, options, (), fragment, ROOM)
        for pair, chain in itertools.product(PAIRS_6, CHAINS):
            for protocol, ports in kinds(6):
                yield Frame(*pair, protocol, ports, tags, 0, chain, fragment, ROOM)


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize("policy", POLICIES)
def test_exactly_what_the_selectors_name_goes_past_the_link(
    impose: Impose, wires: Dict[Direction, Wire], policy: str, direction: Direction
) -> None:
    selectors, wire, sent = POLICIES[policy], wires[direction], list(frames())
    impose(link_with(DEAD, selectors, direction))
    wanted = {n for n, each in enumerate(sent) if selection.passes(each, direction, selectors)}
    seen: List[int] = []
    for number, each in enumerate(sent):
        wire.send(number, bytes(each))
    # What comes after all others passes in each of these policies, or is named by none.
    impose(Link.CLEAN)
    wire.send(len(sent), bytes(sent[0]))

    def is_over() -> bool:
        seen.extend(each.number for each in wire.arrived())
        return len(sent) in seen

    wait_until(is_over)
    print(f"{policy}: {len(wanted)} of {len(sent)} frames pass")
    assert 0 < len(wanted) < len(sent)
    wrong = [sent[number] for number in wanted ^ set(seen[:-1])]
    assert not wrong, f"{len(wrong)} frames, among them {wrong[:3]}"
    assert Counter(seen).most_common(1)[0][1] == 1


def test_a_tag_within_the_frame_is_looked_behind_where_the_host_sends(
    impose: Impose,
) -> None:
    """What the host itself sends has its tag in the frame at the hook, not beside it."""
    impose(link_with(DEAD, [SSH], Direction.INGRESS))
    wire = Wire(Direction.INGRESS, TAP)
    for number, (tags, port) in enumerate(itertools.product(TAGS, (23, 22))):
        frame = Frame("192.0.2.7", "10.0.0.1", TCP, (4000, port), tags, payload=ROOM)
        wire.send(number, bytes(frame))
    seen: List[int] = []

    def are_all_there() -> bool:
        seen.extend(each.number for each in wire.arrived())
        return len(seen) >= len(TAGS)

    wait_until(are_all_there)
    wire.close()
    assert seen == [1, 3, 5]


def test_nothing_is_sent_where_the_selectors_are_in_force(impose: Impose) -> None:
    link = link_with(Impairment(delay_us=1000), EIGHT)
    assert impose(link)
    assert impose(link) == ()
    moved = link_with(Impairment(delay_us=1000), [SSH, *EIGHT[1:]])
    assert [type(step) for step in impose(moved)] == [SetPasses, SetPasses]
    assert impose(moved) == ()
    assert len(impose(link_with(Impairment(delay_us=1000), []))) == 2
    assert impose(Link.CLEAN)


def test_the_kernel_reports_the_longest_program(impose: Impose, netlink: Netlink) -> None:
    impose(link_with(Impairment(delay_us=1000), selection.longest()))
    found = observe(netlink, [TAP])[TAP].egress.selected
    assert found
    print(f"{len(found.program)} instructions")


def test_a_deleted_filter_of_selectors_is_back(netlink: Netlink, tap: str) -> None:
    agent, link = Agent(), link_with(Impairment(delay_us=1000), selection.longest())
    agent.link(tap, link)
    agent.worker.start()
    repairs = []
    for _ in range(20):
        tc("filter", "del", "dev", tap, "egress", "prio", "20035")
        repairs.append(wait_until(lambda: is_held(netlink, tap, link)))
    print(f"repair: median {statistics.median(repairs) * 1e3:.1f} ms, n = {len(repairs)}")
    assert statistics.median(repairs) <= MEDIAN_REPAIR_S


@pytest.mark.parametrize("server", [PAIR.first, PAIR.second])
def test_an_exempted_service_is_reached_over_a_dead_link_whoever_opened_it(
    impose: Impose, server: str
) -> None:
    client = PAIR.second if server == PAIR.first else PAIR.first
    address = f"10.0.0.{1 + (server == PAIR.second)}"
    impose(link_with(DEAD, [SSH]))
    listening = subprocess.Popen(["ip", "netns", "exec", server, sys.executable, "-c", ANSWER])
    try:
        wait_until(lambda: ":22 " in ip("netns", "exec", server, "ss", "-Hltn"))
        asked = ("netns", "exec", client, sys.executable, "-c", ASK, address)
        assert ip(*asked) == "an answer\n"
        dead = subprocess.run(["ip", "netns", "exec", client, "ping", "-c1", "-W1", address])
        assert dead.returncode == 1
    finally:
        listening.kill()
        listening.wait()


ANSWER = """
import socket
server = socket.create_server(("0.0.0.0", 22))
while True:
    server.accept()[0].sendall(b"an answer")
"""
ASK = """
import socket, sys
print(socket.create_connection((sys.argv[1], 22), timeout=30).recv(100).decode())
"""
DELAY_S = 0.5
PPS = 1000
EDITS = 50
BETWEEN = 100
"""Packets of a flow from one edit to the next."""
FLOWS: Dict[str, Tuple[Frame, bool]] = {
    "IPv4 that passes": (Frame(*PAIRS[1], TCP, (22, 4000), payload=ROOM), True),
    "IPv6 that passes": (Frame(*PAIRS_6[1], TCP, (22, 4000), payload=ROOM), True),
    "VLAN that passes": (Frame(*PAIRS[1], TCP, (22, 4000), (0x8100,), payload=ROOM), True),
    "IPv4 that is delayed": (Frame(*PAIRS[1], UDP, (7, 53), payload=ROOM), False),
    "IPv6 that is delayed": (Frame(*PAIRS_6[1], UDP, (7, 53), payload=ROOM), False),
    "VLAN that is delayed": (Frame(*PAIRS[1], UDP, (7, 53), (0x8100,), payload=ROOM), False),
}
SSH_6 = replace(SSH, ethertype=IPV6, priority=11)
DNS = Selector(20, IMPAIR, protocol=UDP, port_range_min=53, port_range_max=53)
DNS_6 = replace(DNS, ethertype=IPV6, priority=21)
SAME: List[List[Selector]] = [
    [SSH, SSH_6],
    [DNS, DNS_6],
    [SSH, SSH_6, Selector(0, IMPAIR, protocol=UDP), Selector(1, IMPAIR, IPV6, UDP)],
    [replace(SSH, port_range_min=1, port_range_max=52), replace(SSH_6, port_range_min=3)],
    [SSH, DNS_6, DNS, *(Selector(30 + n, PASS, protocol=50 + n) for n in range(4)), SSH_6],
]
"""Policies that say the same of each flow."""


def run_flows(
    wire: Wire, flows: Sequence[bytes], edit: Callable[[int], None]
) -> Tuple[Dict[int, float], int]:
    """Send the flows in turns while edits are made; return what arrived, and how many were sent.

    The number of a packet tells its flow: it is the remainder by the number of flows.
    """
    sent, copies, over = [0], 0, threading.Event()
    seen: Dict[int, float] = {}

    def edits() -> None:
        for number in range(EDITS):
            due = sent[0] + BETWEEN * len(flows)
            wait_until(lambda due=due: sent[0] >= due)  # type: ignore[misc]
            edit(number)
        over.set()

    editing = threading.Thread(target=edits)
    editing.start()
    began_s = time.monotonic()
    while not over.is_set() or sent[0] % len(flows):
        due = int((time.monotonic() - began_s) * PPS) + 1
        for _ in range(min(due * len(flows) - sent[0], 4 * len(flows))):
            wire.send(sent[0], flows[sent[0] % len(flows)])
            sent[0] += 1
        for arrival in wire.arrived():
            copies += arrival.number in seen
            seen[arrival.number] = arrival.took_s
    editing.join()
    for flow in flows:  # what the last edit says
        wire.send(sent[0], flow)
        sent[0] += 1

    def is_all_there() -> bool:
        nonlocal copies
        for arrival in wire.arrived():
            copies += arrival.number in seen
            seen[arrival.number] = arrival.took_s
        return len(seen) >= sent[0]

    wait_until(is_all_there)
    assert not copies
    return seen, sent[0]


@pytest.mark.parametrize("direction", Direction)
def test_an_edit_of_selectors_neither_loses_nor_misleads_a_packet(
    impose: Impose, wires: Dict[Direction, Wire], direction: Direction
) -> None:
    slow = Impairment(delay_us=round(DELAY_S * 1e6))
    policies = itertools.cycle(SAME)
    impose(link_with(slow, next(policies), direction))
    taken: List[Tuple[Step, ...]] = []

    def edit(number: int) -> None:
        taken.append(impose(link_with(slow, next(policies), direction)))

    flows = [bytes(frame) for frame, _ in FLOWS.values()]
    seen, sent = run_flows(wires[direction], flows, edit)
    assert [len(steps) for steps in taken] == [1] * EDITS
    for number, (name, (_, is_exempt)) in enumerate(FLOWS.items()):
        took_s = [s for n, s in seen.items() if n % len(FLOWS) == number]
        wrong = sum((s < DELAY_S) != is_exempt for s in took_s)
        print(f"{direction.value}, {EDITS} edits, {name}: {wrong} of {len(took_s)} wrong, "
              f"{min(took_s) * 1e3:.3f} to {max(took_s) * 1e3:.3f} ms")  # fmt: skip
        assert wrong == 0
    assert len(seen) == sent


def test_an_edit_takes_force_at_one_moment(impose: Impose, wires: Dict[Direction, Wire]) -> None:
    """The first and the last selector included: of one flow, nothing changes twice in an edit."""
    slow = Impairment(delay_us=round(DELAY_S * 1e6))
    states: List[List[Selector]] = [[], [SSH], [replace(SSH, action=IMPAIR)], [DNS]]
    passing = [False, True, False, True]
    impose(link_with(slow, [], Direction.EGRESS))

    def edit(number: int) -> None:
        impose(link_with(slow, states[(number + 1) % len(states)], Direction.EGRESS))

    frame = bytes(FLOWS["IPv4 that passes"][0])
    seen, sent = run_flows(wires[Direction.EGRESS], [frame], edit)
    assert len(seen) == sent
    verdicts = [seen[number] < DELAY_S for number in range(sent)]
    changes = sum(one != other for one, other in itertools.pairwise(verdicts))
    order = [passing[number % len(states)] for number in range(EDITS + 1)]
    wanted = sum(one != other for one, other in itertools.pairwise(order))
    print(f"{EDITS} edits, {sent} packets: {changes} changes, {wanted} wanted, 0 lost")
    assert changes == wanted
