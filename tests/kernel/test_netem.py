# SPDX-License-Identifier: Apache-2.0
"""Every setting of netem: what is written is read back, and no older setting remains."""

from __future__ import annotations

import random
import socket
from typing import Callable, Dict

import pytest

from networking_netem.domain.ifb import ifb_name
from networking_netem.domain.link import Direction
from networking_netem.domain.qdisc import INT32_MAX, GilbertElliott, Netem, Slot
from networking_netem.domain.step import AddQdisc, ChangeQdisc
from networking_netem.kernel import qdisc
from networking_netem.kernel.apply import apply
from networking_netem.kernel.netlink import Netlink

from .test_apply import LINKS, reach

U32 = 2**32 - 1
PLAIN = Netem(limit_packets=1)
FIELDS: Dict[str, Callable[[random.Random], object]] = {
    "limit_packets": lambda draw: draw.randint(1, 10**6),
    "latency_ns": lambda draw: draw.randint(1, 2**42),
    "jitter_ns": lambda draw: draw.randint(1, INT32_MAX),
    "delay_correlation": lambda draw: draw.randint(1, U32),
    "loss": lambda draw: draw.randint(1, U32),
    "loss_correlation": lambda draw: draw.randint(1, U32),
    "gemodel": lambda draw: GilbertElliott(*(draw.randint(0, U32) for _ in range(4))),
    "duplicate": lambda draw: draw.randint(1, U32),
    "duplicate_correlation": lambda draw: draw.randint(1, U32),
    "gap": lambda draw: draw.randint(1, 1000),
    "reorder": lambda draw: draw.randint(1, U32),
    "reorder_correlation": lambda draw: draw.randint(1, U32),
    "corrupt": lambda draw: draw.randint(1, U32),
    "corrupt_correlation": lambda draw: draw.randint(1, U32),
    "rate_bytes_per_s": lambda draw: draw.randint(1, 2**38),
    "packet_overhead_bytes": lambda draw: draw.randint(-20, 40),
    "cell_size_bytes": lambda draw: draw.randint(1, 100),
    "cell_overhead_bytes": lambda draw: draw.randint(-4, 40),
    "ecn": lambda _: True,
    "slot": lambda draw: Slot(
        mean_ns=draw.randint(0, 2**40),
        sigma_ns=draw.randint(1, INT32_MAX),
        table=tuple(draw.randint(-32768, 32767) for _ in range(draw.choice((2, 4096, 16384)))),
        max_packets=draw.randint(0, 10**6),
        max_bytes=draw.randint(0, 10**9),
    ),
    "distribution": lambda draw: tuple(draw.randint(-32768, 32767) for _ in range(4096)),
}


def held(netlink: Netlink, device: str) -> Netem:
    bodies = netlink.dump(qdisc.RTM_GETQDISC, qdisc.dump_body())
    index = socket.if_nametoindex(device)
    return next(
        found.entry
        for found in map(qdisc.parse, bodies)
        if found.ifindex == index and isinstance(found.entry, Netem)
    )


@pytest.mark.parametrize("field", FIELDS)
def test_each_field_is_set_read_and_taken_back(netlink: Netlink, tap: str, field: str) -> None:
    reach(netlink, tap, LINKS["all"])
    tap = ifb_name(tap, Direction.INGRESS)
    changed = Netem(**{"limit_packets": 7, field: FIELDS[field](random.Random(field))})
    for netem in (changed, PLAIN, changed, PLAIN):
        assert apply(netlink.transact, [ChangeQdisc(tap, netem)]) == ()
        assert held(netlink, tap) == netem


def test_of_any_sequence_exactly_the_last_is_left(netlink: Netlink, tap: str) -> None:
    reach(netlink, tap, LINKS["all"])
    tap = ifb_name(tap, Direction.INGRESS)
    draw = random.Random(3)
    for _ in range(200):
        chosen = draw.sample(sorted(FIELDS), draw.randint(0, len(FIELDS)))
        netem = Netem(**{"limit_packets": 9, **{name: FIELDS[name](draw) for name in chosen}})
        assert apply(netlink.transact, [ChangeQdisc(tap, netem)]) == ()
        assert held(netlink, tap) == netem


def test_a_second_netem_is_refused_by_name_and_nothing_changes(netlink: Netlink, tap: str) -> None:
    reach(netlink, tap, LINKS["all"])
    tap = ifb_name(tap, Direction.INGRESS)
    before = held(netlink, tap)
    failures = apply(netlink.transact, [AddQdisc(tap, PLAIN)])
    assert [failure.missing_module for failure in failures] == [""]
    assert "Exclusivity flag on" in str(failures[0])
    assert held(netlink, tap) == before
