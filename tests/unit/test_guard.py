# SPDX-License-Identifier: Apache-2.0
"""The privileged process sends what this package makes, and nothing else."""

from __future__ import annotations

import socket
import struct
from dataclasses import replace
from typing import Callable, Dict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from networking_netem.domain.impairment import Impairment
from networking_netem.domain.link import Direction
from networking_netem.domain.protect import PROTECTED
from networking_netem.domain.protect import passes as protecting
from networking_netem.domain.tree import tree
from networking_netem.kernel import attributes, device, guard, hook, passes, qdisc, redirect
from networking_netem.kernel.netlink import NLM_F_CREATE, NLM_F_EXCL, Request

ETH0, IFB = 3, 7
TREE = tree(Impairment(delay_us=100_000, jitter_us=10_000, loss_ppm=1_000, rate_kbps=10_000))
_PASSES = protecting(Direction.INGRESS, PROTECTED, 0)
assert _PASSES
PASSES = _PASSES
assert PASSES.police
SELECTED = replace(PASSES, police=None)
REDIRECT = redirect.add(ETH0, Direction.EGRESS, IFB, False)
LIMIT = redirect.add_police(ETH0, Direction.EGRESS, PASSES.police, False)
ENTRIES = [entry for entry in (TREE.tbf, TREE.netem, TREE.fifo) if entry]

OURS: Dict[str, Request] = {
    "an ifb": device.add_ifb("nifb1a2b3c4d-5e"),
    "an ifb up": device.set_up("nifb1a2b3c4d-5e"),
    "an ifb's end": device.delete("nifb1a2b3c4d-5e"),
    **{f"a new {entry.kind}": qdisc.add(ETH0, entry) for entry in ENTRIES},
    **{f"a changed {entry.kind}": qdisc.change(ETH0, entry) for entry in ENTRIES},
    "the root's end": qdisc.delete_root(ETH0),
    "a first version's end": qdisc.delete_legacy(ETH0, 0x80010000),
    "hooks": qdisc.add_clsact(ETH0),
    "the hooks' end": qdisc.delete_clsact(ETH0),
    "what sends to an ifb": redirect.add(ETH0, Direction.EGRESS, IFB, False),
    "the same on another's hook": redirect.add(ETH0, Direction.INGRESS, IFB, True),
    "the first of all": redirect.add(ETH0, Direction.EGRESS, IFB, True, is_first=True),
    "the first's end": redirect.delete(ETH0, Direction.EGRESS, is_first=True),
    "one that gives packets their own data": redirect.add(
        ETH0, Direction.EGRESS, IFB, unshares=True
    ),
    "a bandwidth limit": redirect.add_police(ETH0, Direction.EGRESS, PASSES.police, False),
    "the end of either": redirect.delete(ETH0, Direction.INGRESS),
    "what lets pass": passes.set_(ETH0, Direction.INGRESS, PASSES),
    "its end": passes.delete(ETH0, Direction.EGRESS),
    "what selectors let pass": passes.set_(ETH0, Direction.EGRESS, SELECTED),
    "the selectors' end": passes.delete(ETH0, Direction.EGRESS, is_of_selectors=True),
}

SELECTED_ELSEWHERE = replace(
    OURS["what selectors let pass"],
    body=OURS["what selectors let pass"].body.replace(b"\x43\x4e", b"\x44\x4e", 1),
)

CREATE = NLM_F_CREATE | NLM_F_EXCL
ADDRESS = attributes.pack(1, b"\x02\0\0\0\0\x01")
OTHERS: Dict[str, Request] = {
    "another device's end": device.delete("eth0"),
    "another device up": device.set_up("eth0"),
    "another's new device": device.add_ifb("eth0"),
    "a device by its index": replace(
        device.delete("nifb1"), body=b"\0\0\0\0" + b"\x03" + device.delete("nifb1").body[5:]
    ),
    "an ifb down": replace(
        device.set_up("nifb1"), body=device.set_up("nifb1").body.replace(b"\1", b"\0", 1)
    ),
    "an ifb's address": replace(device.set_up("nifb1"), body=device.set_up("nifb1").body + ADDRESS),
    "an ifb of another kind": replace(
        device.add_ifb("nifb1"), body=device.add_ifb("nifb1").body.replace(b"ifb\0", b"tun\0", 2)
    ),
    "another root's end": replace(
        qdisc.delete_root(ETH0), body=qdisc.delete_root(ETH0).body.replace(b"tbf", b"fq\0")
    ),
    "a root's end without a kind": replace(
        qdisc.delete_root(ETH0), body=qdisc.delete_root(ETH0).body[:20]
    ),
    "an ingress qdisc's end": replace(
        qdisc.delete_clsact(ETH0),
        body=qdisc.delete_clsact(ETH0).body.replace(b"clsact\0", b"ingress"),
    ),
    "a qdisc in the place of another": replace(qdisc.add(ETH0, TREE.tbf), flags=NLM_F_CREATE),
    "another's qdisc changed": replace(
        qdisc.change(ETH0, TREE.tbf),
        body=qdisc.change(ETH0, TREE.tbf).body.replace(b"\x45\x4e", b"\x46\x4e", 1),
    ),
    "a filter of another priority": replace(
        REDIRECT, body=REDIRECT.body.replace(b"\x45\x4e", b"\x01\0")
    ),
    "a filter that drops all": replace(
        LIMIT, body=LIMIT.body.replace(struct.pack("=i", -1), struct.pack("=i", 2))
    ),
    "what lets pass without a police": SELECTED_ELSEWHERE,
    "every filter's end": Request(
        hook.RTM_DELTFILTER, 0, qdisc.TCMSG.pack(0, ETH0, 0, hook.HOOKS[Direction.EGRESS], 0)
    ),
    "a new address": Request(20, CREATE, bytes(8) + ADDRESS),
    "a new route": Request(24, CREATE, bytes(12)),
    "nothing": Request(qdisc.RTM_NEWQDISC, CREATE, b""),
    "a link without a name": Request(device.RTM_DELLINK, 0, bytes(16)),
}


@pytest.fixture(autouse=True)
def devices(monkeypatch: pytest.MonkeyPatch) -> None:
    """The device 7 is an ifb of ours, all others are not."""
    names: Callable[[int], str] = lambda ifindex: "nifb1" if ifindex == IFB else "eth0"  # noqa: E731
    monkeypatch.setattr(socket, "if_indextoname", names)


@pytest.mark.parametrize("what", OURS)
def test_what_this_package_makes_passes(what: str) -> None:
    assert guard.refusal(OURS[what]) == ""


@pytest.mark.parametrize("what", OTHERS)
def test_what_it_does_not_make_is_refused(what: str) -> None:
    assert f"no such request of type {OTHERS[what].message_type}" in guard.refusal(OTHERS[what])


def test_a_filter_that_sends_elsewhere_is_refused() -> None:
    assert guard.refusal(redirect.add(ETH0, Direction.EGRESS, 1, False))


@given(
    kind=st.sampled_from([16, 17, 36, 37, 44, 45, 20, 24]),
    flags=st.sampled_from([0, CREATE, NLM_F_CREATE, 0x100]),
    body=st.binary(max_size=80),
)
def test_no_body_raises(kind: int, flags: int, body: bytes) -> None:
    assert guard.refusal(Request(kind, flags, body))
