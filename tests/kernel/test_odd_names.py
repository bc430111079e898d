# SPDX-License-Identifier: Apache-2.0
"""Devices of any name, and churn beside them: every link holds, and each is repaired."""

from __future__ import annotations

import os
import subprocess
import threading
from typing import Iterator, List

import pytest

from networking_netem.domain.ifb import ifb_names
from networking_netem.kernel.netlink import DumpInterrupted, Netlink
from tests.support.waiting import wait_until

from .conftest import ip
from .test_repair import ALL, Agent, is_held

NAMES = [
    *(os.fsdecode(name) for name in (b"x", b"hm0", b"x\xff\xfey", b"\xe2\x82\xac")),
    *("tpi-0a1b2c3d-4e", "trunk-vm-000001", "tap1a2b3c4d-5e"),
]


def run(*command: str) -> None:
    # The names are passed as bytes, because they need not be text.
    subprocess.run(list(map(os.fsencode, command)), check=True, capture_output=True)


@pytest.fixture
def devices(netns: None) -> Iterator[List[str]]:
    """A device of each name; every other one is an instance's, the others are strangers."""
    for number, name in enumerate(NAMES):
        run("ip", "link", "add", name, "type", "veth", "peer", "name", f"eth{number}")
        run("ip", "link", "set", name, "up")
    yield NAMES
    for name in NAMES:
        run("ip", "link", "del", name)


@pytest.mark.parametrize("ours", [NAMES[::2], NAMES[1::2], NAMES], ids=["some", "others", "all"])
def test_each_link_holds_and_is_repaired(
    netlink: Netlink, devices: List[str], ours: List[str]
) -> None:
    agent = Agent()
    agent.worker.start()
    for name in ours:
        agent.link(name, ALL)
    for name in ours:
        wait_until(lambda name=name: is_held(netlink, name, ALL))  # type: ignore[misc]
    assert len(ip("-o", "link", "show", "type", "ifb").splitlines()) == 2 * len(ours)
    for name in ours:
        for ifb in ifb_names(name):
            run("tc", "qdisc", "del", "dev", ifb, "root")
            wait_until(lambda name=name: is_held(netlink, name, ALL))  # type: ignore[misc]


def test_links_hold_while_devices_come_and_go(netlink: Netlink, tap: str) -> None:
    agent = Agent()
    agent.worker.start()
    agent.link(tap, ALL)
    ended = threading.Event()

    def churn() -> None:
        while not ended.is_set():
            run("ip", "link", "add", "churn0", "type", "veth", "peer", "name", "churn1")
            run("ip", "link", "del", "churn0")

    # The namespace of the test is that of its thread, and a new thread starts in it.
    churning = threading.Thread(target=churn)
    churning.start()
    try:
        for _ in range(10):
            run("tc", "qdisc", "del", "dev", tap, "clsact")
            wait_until(lambda: _is_held_now(netlink, tap))
    finally:
        ended.set()
        churning.join()


def _is_held_now(netlink: Netlink, device: str) -> bool:
    """False also where a look fails because devices come and go."""
    try:
        return is_held(netlink, device, ALL)
    except DumpInterrupted:
        return False
