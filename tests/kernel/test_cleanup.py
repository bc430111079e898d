# SPDX-License-Identifier: Apache-2.0
"""`networking-netem-cleanup` takes what is ours off a host, while packets run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Dict, Iterator, List, Tuple

import pytest

from networking_netem.domain.impairment import Impairment
from networking_netem.domain.link import Link
from networking_netem.kernel.netlink import Netlink
from networking_netem.kernel.observe import carriers
from tests.support.waiting import wait_until

from .conftest import ip, tc
from .test_repair import Agent

BOTH = Link(
    egress=Impairment(delay_us=50_000, jitter_us=5_000, rate_kbps=10_000),
    ingress=Impairment(delay_us=20_000, rate_kbps=20_000),
)
EGRESS = Link(egress=Impairment(rate_kbps=10_000))
PINGS = 300


@pytest.fixture(params=["tap0000aaaa-01", "qvo0000aaaa-01"])
def device(request: pytest.FixtureRequest, netns: None) -> Iterator[str]:
    """A port's device, plain and as the hybrid firewall has it, and an instance behind it."""
    name: str = request.param
    ip("netns", "add", "instance")
    ip("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", "instance")
    ip("address", "add", "10.9.9.1/24", "dev", name)
    ip("link", "set", name, "up")
    ip("-n", "instance", "address", "add", "10.9.9.2/24", "dev", "eth0")
    ip("-n", "instance", "link", "set", "eth0", "up")
    yield name
    ip("netns", "del", "instance")


def clean(*devices: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "networking_netem.agent.cleanup", *devices]
    # Without programs: Open vSwitch is installed here, and does not run.
    without = {**os.environ, "PATH": ""}
    return subprocess.run(command, capture_output=True, text=True, env=without)


@pytest.mark.parametrize("link", [BOTH, EGRESS], ids=["both", "egress"])
def test_nothing_is_left_and_no_ping_is_lost(netlink: Netlink, device: str, link: Link) -> None:
    Agent().link(device, link)
    assert carriers(netlink) == [device]
    ping = ["ip", "netns", "exec", "instance", "ping", "-q", "-i", "0.01", "-c", str(PINGS)]
    running = subprocess.Popen([*ping, "10.9.9.1"], stdout=subprocess.PIPE, text=True)
    done = clean()
    said, _ = running.communicate()
    assert (done.returncode, done.stdout) == (0, f"{device}: clean\n"), done.stderr
    assert f"{PINGS} received" in said, said
    assert carriers(netlink) == []
    assert ip("-br", "link", "show", "type", "ifb") == ""
    assert "clsact" not in tc("qdisc", "show", "dev", device)
    assert clean().stdout == ""


def commands(heading: str) -> List[List[str]]:
    """The commands that a section of the installation page shows."""
    page = (Path(__file__).parents[2] / "doc" / "install.md").read_text()
    section = page.split(f"## {heading}\n")[1].split("\n## ")[0]
    return [line.split() for line in re.findall(r"^ *[#$] (networking-netem-.*)$", section, re.M)]


def test_the_page_shows_and_rolls_back_a_port(netlink: Netlink, device: str) -> None:
    link = Link(
        egress=Impairment(100_000, 10_000, 100_000, 10_000),
        ingress=Impairment(30_000, rate_kbps=20_000),
    )
    Agent().link(device, link)
    programs = Path(sys.executable).parent
    ping = ["ip", "netns", "exec", "instance", "ping", "-q", "-i", "0.01", "-c", "100"]
    ((show,), (cleanup,)) = commands("Look"), commands("Roll back")
    shown: List[str] = []

    def is_empty() -> bool:
        """The devices themselves may send a packet when they come up."""
        shown[:] = subprocess.check_output([programs / show[0], *show[1:]], text=True).splitlines()
        return not any("on their way" in line for line in shown)

    wait_until(is_empty)
    assert shown == [
        f"{device:<15} egress   {link.egress}",
        f"{device:<15} ingress  {link.ingress}",
    ]
    found = json.loads(subprocess.check_output([programs / show[0], "--json", device]))
    assert found[0]["egress"]["delay_correlation_ms"] == 10
    assert (found[0]["ingress"]["max_kbps"], found[0]["ingress"]["loss_pct"]) == (20_000, 0)

    done = subprocess.run(
        [programs / cleanup[0], *cleanup[1:]],
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": ""},
    )
    assert (done.returncode, done.stdout) == (0, f"{device}: clean\n"), done.stderr
    assert "100 received" in subprocess.check_output([*ping, "10.9.9.1"], text=True)
    assert carriers(netlink) == []


def test_one_port_is_cleaned_and_the_others_stay(netlink: Netlink, tap: str) -> None:
    ip("link", "add", "tap0000bbbb-02", "type", "veth", "peer", "name", "eth1")
    ip("link", "set", "tap0000bbbb-02", "up")
    agent = Agent()
    for name in (tap, "tap0000bbbb-02"):
        agent.link(name, EGRESS)
    done = clean(tap)
    assert (done.returncode, done.stdout) == (0, f"{tap}: clean\n"), done.stderr
    assert carriers(netlink) == ["tap0000bbbb-02"]


STRANGERS: Dict[str, Tuple[str, str]] = {
    "qdisc prio 7:": ("qdisc add dev {tap} root handle 7: prio", "qdisc show dev {tap}"),
    "qdisc netem 8:": (
        "qdisc add dev {tap} root handle 8: netem delay 1ms",
        "qdisc show dev {tap}",
    ),
    "pref 7": (
        "filter add dev {tap} ingress prio 7 matchall action pass",
        "filter show dev {tap} ingress",
    ),
}


@pytest.mark.parametrize("stranger", STRANGERS)
def test_what_is_not_ours_stays(netlink: Netlink, tap: str, stranger: str) -> None:
    command, show = (text.format(tap=tap).split() for text in STRANGERS[stranger])
    Agent().link(tap, EGRESS)
    tc(*command)
    assert clean().returncode == 0
    assert carriers(netlink) == []
    assert stranger in tc(*show)


def test_a_device_that_is_not_there_is_named(netns: None) -> None:
    done = clean("tap9999zzzz-99")
    assert done.returncode == 2
    assert "no such device: tap9999zzzz-99" in done.stderr
