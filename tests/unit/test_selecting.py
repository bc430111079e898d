# SPDX-License-Identifier: Apache-2.0
"""The program of selectors: which frames it lets past the link."""

from __future__ import annotations

from typing import Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from networking_netem.domain.link import Direction
from networking_netem.domain.selecting import selected
from networking_netem.domain.selector import IMPAIR, IPV4, IPV6, MOST, PASS, Selector
from tests.support import selection
from tests.support.classic_bpf import run
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

MOST_BYTES = 3_200
"""The kernel answers a question for a filter in 3.7 KB (NLMSG_GOODSIZE with pages of 4 KB)."""

SSH = Selector(1, PASS, protocol=TCP, port_range_min=22, port_range_max=22)
DNS_FROM = Selector(
    2, IMPAIR, protocol=UDP, port_range_min=53, port_range_max=53, remote_ip_prefix="192.0.2.0/24"
)
SSH_6 = Selector(1, PASS, IPV6, TCP, 22, 22, "2001:db8:1::/56")
ECHO_6 = Selector(3, PASS, IPV6, ICMP, 128, 0)
HERE, FAR = "10.0.0.1", "192.0.2.7"
HERE_6, FAR_6 = "fd00::1", "2001:db8:1:42::7"


def passes(frame: bytes, *selectors: Selector, direction: Direction = Direction.EGRESS) -> bool:
    found = selected(direction, selectors)
    assert found
    return bool(run(found.program, frame))


def test_no_selector_needs_no_program() -> None:
    assert selected(Direction.EGRESS, ()) is None


@pytest.mark.parametrize("ports", [(22, 4000), (4000, 22)], ids=str)
def test_a_port_is_that_of_either_side(ports: Tuple[int, int]) -> None:
    assert passes(bytes(Frame(HERE, FAR, TCP, ports)), SSH)
    assert not passes(bytes(Frame(HERE, FAR, UDP, ports)), SSH)
    assert not passes(bytes(Frame(HERE, FAR, TCP, (23, 21))), SSH)
    assert not passes(bytes(Frame(HERE_6, FAR_6, TCP, ports)), SSH)


def test_what_no_selector_names_passes_where_one_says_what_is_impaired() -> None:
    hit, missed = Frame(HERE, FAR, UDP, (4000, 53)), Frame(HERE, "192.0.3.7", UDP, (4000, 53))
    assert not passes(bytes(hit), DNS_FROM)
    assert passes(bytes(missed), DNS_FROM)
    arp = bytes(12) + b"\x08\x06" + bytes(28)
    assert passes(arp, DNS_FROM)
    assert not passes(arp, SSH)


@pytest.mark.parametrize("direction", Direction)
def test_the_remote_address_is_the_other_side(direction: Direction) -> None:
    sent, received = Frame(HERE, FAR, UDP, (1, 53)), Frame(FAR, HERE, UDP, (53, 1))
    is_egress = direction is Direction.EGRESS
    assert passes(bytes(sent), DNS_FROM, direction=direction) != is_egress
    assert passes(bytes(received), DNS_FROM, direction=direction) == is_egress


def test_the_first_that_names_a_packet_decides() -> None:
    all_tcp = Selector(0, IMPAIR, protocol=TCP)
    frame = bytes(Frame(HERE, FAR, TCP, (22, 1)))
    assert not passes(frame, SSH, all_tcp)
    assert passes(frame, SSH, Selector(2, IMPAIR, protocol=TCP))


@pytest.mark.parametrize("tags", [(), (0x8100,), (0x88A8,), (0x88A8, 0x8100), (0x8100, 0x8100)])
def test_up_to_two_vlan_tags_are_looked_behind(tags: Tuple[int, ...]) -> None:
    assert passes(bytes(Frame(HERE, FAR, TCP, (22, 1), tags)), SSH)
    assert passes(bytes(Frame(HERE_6, FAR_6, TCP, (1, 22), tags)), SSH_6)
    assert not passes(bytes(Frame(HERE, FAR, TCP, (1, 1), tags)), SSH)


@pytest.mark.parametrize("options_bytes", [0, 4, 40])
def test_options_of_ipv4_are_skipped(options_bytes: int) -> None:
    assert passes(bytes(Frame(HERE, FAR, TCP, (22, 1), options_bytes=options_bytes)), SSH)


@pytest.mark.parametrize(
    "headers",
    [
        ((HOP_BY_HOP, 0),),
        ((HOP_BY_HOP, 1), (DESTINATION, 0), (ROUTING, 2), (DESTINATION, 3)),
        ((DESTINATION, 0),) * 5,
    ],
    ids=str,
)
@pytest.mark.parametrize("fragment", [None, 0])
def test_extension_headers_are_skipped(
    headers: Tuple[Tuple[int, int], ...], fragment: int | None
) -> None:
    frame = Frame(HERE_6, FAR_6, TCP, (22, 1), headers=headers, fragment=fragment)
    assert passes(bytes(frame), SSH_6)
    echo = Frame(HERE_6, FAR_6, ICMPV6, (128, 0), headers=headers, fragment=fragment)
    assert passes(bytes(echo), ECHO_6)
    assert not passes(bytes(echo), SSH_6)


def test_behind_more_than_six_extension_headers_no_protocol_is_seen() -> None:
    frame = Frame(HERE_6, FAR_6, TCP, (22, 1), headers=((DESTINATION, 0),) * 7)
    assert not passes(bytes(frame), SSH_6)
    assert passes(bytes(frame), Selector(1, PASS, IPV6))


def test_a_later_fragment_has_a_protocol_and_no_ports() -> None:
    later = Frame(HERE, FAR, TCP, (22, 1), fragment=8)
    later_6 = Frame(HERE_6, FAR_6, TCP, (22, 1), fragment=8)
    assert not passes(bytes(later), SSH)
    assert not passes(bytes(later_6), SSH_6)
    assert passes(bytes(later), Selector(1, PASS, protocol=TCP))
    assert passes(bytes(later_6), Selector(1, PASS, IPV6, TCP))
    assert passes(bytes(Frame(HERE, FAR, TCP, (22, 1), fragment=0)), SSH)


def test_a_type_of_icmp() -> None:
    echo = Selector(1, PASS, protocol=ICMP, port_range_min=8)
    assert passes(bytes(Frame(HERE, FAR, ICMP, (8, 0))), echo)
    assert not passes(bytes(Frame(HERE, FAR, ICMP, (0, 8))), echo)
    unreachable = Selector(1, PASS, protocol=ICMP, port_range_min=3, port_range_max=4)
    assert passes(bytes(Frame(HERE, FAR, ICMP, (3, 4))), unreachable)
    assert not passes(bytes(Frame(HERE, FAR, ICMP, (3, 1))), unreachable)


@pytest.mark.parametrize("length", range(14, 38))
def test_a_packet_that_is_cut_short_goes_through_the_link(length: int) -> None:
    whole = bytes(Frame(HERE, FAR, TCP, (1, 22)))
    assert not passes(whole[:length], SSH)
    assert not passes(bytes(Frame(HERE, FAR, UDP, (1, 2)))[:length], DNS_FROM)


ADDRESSES = {
    4: ["10.0.0.1", "10.0.0.2", "10.1.0.1", "192.0.2.7"],
    6: ["fd00::1", "fd00::2", "fd00:0:0:1::1", "2001:db8:1:42::7"],
}
PREFIXES = {
    4: ["10.0.0.1/32", "10.0.0.0/31", "10.0.0.0/15", "0.0.0.0/0", "192.0.2.7"],
    6: ["fd00::1/128", "fd00::/63", "fd00::/126", "::/0", "2001:db8:1:42::/57"],
}
FEW_PORTS = [1, 21, 22, 23, 128, 65_535]


@st.composite
def some_selectors(draw: st.DrawFn) -> Tuple[Selector, ...]:
    count = draw(st.integers(1, MOST))
    priorities = draw(st.lists(st.integers(0, 1000), min_size=count, max_size=count, unique=True))
    return tuple(draw(a_selector(priority)) for priority in priorities)


@st.composite
def a_selector(draw: st.DrawFn, priority: int) -> Selector:
    version = draw(st.sampled_from([4, 6]))
    own_icmp = ICMP if version == 4 else ICMPV6
    protocol = draw(st.sampled_from([None, TCP, UDP, ICMP, own_icmp, 132, 50]))
    low = high = None
    if protocol in (TCP, UDP, 132) and draw(st.booleans()):
        low, high = sorted(draw(st.tuples(st.sampled_from(FEW_PORTS), st.sampled_from(FEW_PORTS))))
    elif protocol in (ICMP, ICMPV6) and draw(st.booleans()):
        low, high = draw(st.sampled_from([1, 22, 128])), draw(st.sampled_from([None, 1, 22]))
    return Selector(
        priority,
        draw(st.sampled_from([PASS, IMPAIR])),
        IPV4 if version == 4 else IPV6,
        *(protocol, low, high),
        draw(st.sampled_from([None, *PREFIXES[version]])),
    )


@st.composite
def some_frame(draw: st.DrawFn) -> Frame:
    version = draw(st.sampled_from([4, 6]))
    protocol = draw(st.sampled_from([TCP, UDP, 132, 50, ICMP if version == 4 else ICMPV6]))
    few = st.sampled_from([1, 22, 128] if protocol in (ICMP, ICMPV6) else FEW_PORTS)
    kinds = st.tuples(st.sampled_from([HOP_BY_HOP, ROUTING, DESTINATION]), st.integers(0, 3))
    return Frame(
        draw(st.sampled_from(ADDRESSES[version])),
        draw(st.sampled_from(ADDRESSES[version])),
        protocol,
        draw(st.tuples(few, few)),
        draw(st.sampled_from([(), (0x8100,), (0x88A8, 0x8100)])),
        4 * draw(st.integers(0, 10)) if version == 4 else 0,
        tuple(draw(st.lists(kinds, max_size=5))) if version == 6 else (),
        draw(st.sampled_from([None, None, 0, 3])),
    )


@given(frame=some_frame(), direction=st.sampled_from(list(Direction)), selectors=some_selectors())
def test_the_program_does_what_the_selectors_say(
    frame: Frame, direction: Direction, selectors: Tuple[Selector, ...]
) -> None:
    wanted = selection.passes(frame, direction, selectors)
    assert passes(bytes(frame), *selectors, direction=direction) == wanted


def test_the_longest_program_fits_an_answer_of_the_kernel() -> None:
    four = Selector(900, PASS, IPV4, TCP, 1, 2, "10.0.0.0/9")
    for selectors in (selection.longest(), [*selection.longest()[1:], four]):
        found = selected(Direction.EGRESS, tuple(selectors))
        assert found
        print(f"{len(found.program)} instructions")
        assert 8 * len(found.program) <= MOST_BYTES
