# SPDX-License-Identifier: Apache-2.0
"""Nothing on a host stops anything else: whatever befalls it, every other link holds.

The worker, the engine and the kernel are real. Each deed is done to a host with linked ports; then
one of their links is damaged, and has to be back, while all others stay whole.
"""

from __future__ import annotations

import os
import random
import subprocess
import threading
import time
from typing import Any, Callable, Collection, Dict, List, Sequence

import pytest

from networking_netem.domain.impairment import Impairment
from networking_netem.domain.link import Link
from networking_netem.kernel.netlink import Answer, DumpInterrupted, Netlink, Request, Unavailable
from tests.support.waiting import wait_until

from .conftest import ip, tc
from .test_repair import Agent, is_held

LINK = Link(egress=Impairment(50_000, 5_000, 10_000, 10_000), ingress=Impairment(delay_us=20_000))
PORTS = [f"tap0000cccc-{number:02}" for number in range(6)]
ODD = [
    *("x", "hm0", "tap", "trunk-vm-000001", "tpi-0a1b2c3d-4e", "a" * 15, "ü", "{}", "-o", "'"),
    *(os.fsdecode(name) for name in (b"x\xff\xfey", b"\xff", b"tap\xc3")),
]


class Fault(Exception):
    """An error that no code expects."""


class Company:
    """An agent over some ports; deeds are done to it."""

    def __init__(self, netlink: Netlink) -> None:
        self._netlink = netlink
        self._draw = random.Random(11)
        self.agent = Agent()
        for port in PORTS:
            ip("link", "add", port, "up", "type", "dummy")
            self.agent.link(port, LINK)
        self.before = set(threading.enumerate())
        self.agent.worker.start()
        wait_until(self.is_whole)

    def is_whole(self) -> bool:
        try:
            return all(is_held(self._netlink, port, LINK) for port in PORTS)
        except DumpInterrupted:
            return False

    def check(self) -> float:
        """Damage a link; return the seconds until all links are whole again."""
        ifb = self._draw.choice(PORTS).replace("tap", self._draw.choice(("nifb", "nifi")))
        tc("qdisc", "del", "dev", ifb, "root")
        took_s = wait_until(self.is_whole)
        working = {thread.name for thread in set(threading.enumerate()) - self.before}
        assert {"netem-work", "netem-watch"} <= working
        return took_s


@pytest.fixture
def company(netlink: Netlink) -> Company:
    return Company(netlink)


def odd_names(company: Company) -> None:
    for name in ODD:
        tc_safe(["ip", "link", "add", "name", name, "up", "type", "dummy"])
        company.agent.reconciler.want(name, LINK)
    company.agent.worker.wake()


def no_device(company: Company) -> None:
    """A patch port is in Open vSwitch's database only; so is a port of a router's namespace."""
    for name in ("tpi-11111111-11", "qr-11111111-11", ""):
        company.agent.reconciler.want(name, LINK)
    company.agent.worker.wake()


def vanishing(company: Company) -> None:
    """Devices go between the look at them and what is told of them."""
    names = [f"tap0000dddd-{number:02}" for number in range(20)]
    for name in names:
        ip("link", "add", name, "up", "type", "dummy")
    transact = company.agent.sender.transact

    def late(requests: Sequence[Request]) -> List[Answer]:
        if names:
            ip("link", "del", names.pop())
        return transact(requests)

    company.agent.reconciler._kernel._transact = late  # type: ignore[attr-defined]
    for name in list(names):
        company.agent.reconciler.want(name, LINK)
    company.agent.worker.wake()


def raising(where: str) -> Callable[[Company], None]:
    """Whatever is asked of one port raises."""

    def deed(company: Company) -> None:
        name = "tap0000eeee-00"
        ip("link", "add", name, "up", "type", "dummy")
        reconciler = company.agent.reconciler
        owner: Any = reconciler._switch if where == "claim" else reconciler._kernel
        work = getattr(owner, where)

        def at_fault(asked: Any, *more: Any, **named: Any) -> Any:
            names = [asked] if isinstance(asked, str) else asked
            if any(name == getattr(each, "device", each) for each in names):
                raise Fault(name)
            return work(asked, *more, **named)

        setattr(owner, where, at_fault)
        reconciler.want(name, LINK)
        company.agent.worker.wake()

    return deed


def hung(company: Company) -> None:
    """The privileged process does not answer for a while, then says so."""
    transact = company.agent.sender.transact
    until_s = time.monotonic() + 1.0

    def hanging(requests: Sequence[Request]) -> List[Answer]:
        left_s = until_s - time.monotonic()
        if left_s > 0:
            threading.Event().wait(left_s)
            raise Unavailable("the privileged process does not answer")
        return transact(requests)

    company.agent.reconciler._kernel._transact = hanging  # type: ignore[attr-defined]
    company.agent.reconciler.want(PORTS[0], Link(ingress=LINK.ingress))
    company.agent.reconciler.want(PORTS[0], LINK)
    company.agent.worker.wake()


def ended(company: Company) -> None:
    """A look raises what ends a thread."""
    audit = company.agent.reconciler.reconcile_due
    times = [2]

    def dying() -> Any:
        if times[0]:
            times[0] -= 1
            raise SystemExit
        return audit()

    company.agent.reconciler.reconcile_due = dying  # type: ignore[method-assign]
    company.agent.worker.wake()


DEEDS: Dict[str, Callable[[Company], None]] = {
    "odd names": odd_names,
    "no device": no_device,
    "vanishing": vanishing,
    **{f"{where} raises": raising(where) for where in ("claim", "observe", "apply")},
    "hung": hung,
    "a thread ends": ended,
}


def tc_safe(command: Collection[str]) -> None:
    """Run a command whose words may be of any bytes."""
    subprocess.run([os.fsencode(word) for word in command], check=True)


@pytest.mark.parametrize("deed", DEEDS)
def test_every_other_link_holds(company: Company, deed: str) -> None:
    DEEDS[deed](company)
    took_s = [company.check() for _ in range(5)]
    print(f"{deed}: back within {max(took_s) * 1e3:.0f} ms, n = {len(took_s)}")


def test_links_hold_while_five_hundred_devices_come_and_go(company: Company) -> None:
    names = [f"churn{number}" for number in range(500)]
    stopped = threading.Event()

    def churn() -> None:
        while not stopped.is_set():
            lines = [f"link add {name} type dummy\nlink del {name}" for name in names]
            with open("/tmp/churn", "w") as file:
                file.write("\n".join(lines) + "\n")
            ip("-batch", "/tmp/churn")

    churning = threading.Thread(target=churn)
    churning.start()
    try:
        took_s = [company.check() for _ in range(10)]
    finally:
        stopped.set()
        churning.join()
    print(f"churn: back within {max(took_s) * 1e3:.0f} ms, n = {len(took_s)}")
