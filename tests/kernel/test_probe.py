# SPDX-License-Identifier: Apache-2.0
"""The probe sees what another hand, tc, has done to a link, right and wrong alike."""

from __future__ import annotations

import subprocess
from typing import Iterator, List, Sequence

import pytest

from networking_netem.lab import sampling, verdicts
from networking_netem.lab.asked import CLEAN_BOTH, DIRECTIONS, Asked, Both
from networking_netem.lab.flow import WIRE_OVERHEAD_BYTES
from networking_netem.lab.judging import judge
from networking_netem.lab.prober import Prober
from networking_netem.lab.row import Row, Verdict
from networking_netem.lab.sampling import Pair
from tests.kernel.conftest import ip, tc

PAIR = Pair("one", "other")
IFB = "ifbone"


class Process:
    """A process that answers as a `Remote` does."""

    def __init__(self, argv: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.kill = self._process.kill
        self.stderr = ""

    def __iter__(self) -> Iterator[str]:
        return iter(self._process.stdout)

    def wait(self) -> int:
        _, self.stderr = self._process.communicate()
        return self._process.returncode


@pytest.fixture
def node(netns: None) -> Iterator[None]:
    """Two VMs on a bridge; what `one` sends passes an ifb, what it receives its tap's root."""
    ip("link", "add", "br0", "type", "bridge")
    ip("link", "set", "br0", "up")
    for number, vm in enumerate((PAIR.first, PAIR.second), start=1):
        ip("netns", "add", vm)
        ip("link", "add", f"tap{vm}", "type", "veth", "peer", "name", "eth0", "netns", vm)
        ip("link", "set", f"tap{vm}", "master", "br0", "up")
        ip("netns", "exec", vm, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1")
        ip("-n", vm, "addr", "add", f"10.0.0.{number}/24", "dev", "eth0")
        ip("-n", vm, "link", "set", "eth0", "address", f"02:00:00:00:00:0{number}", "up")
        neighbour = ("neigh", "replace", f"10.0.0.{3 - number}", "dev", "eth0", "nud", "permanent")
        ip("-n", vm, *neighbour, "lladdr", f"02:00:00:00:00:0{3 - number}")
    ip("link", "add", IFB, "type", "ifb")
    ip("link", "set", IFB, "up")
    tc("qdisc", "add", "dev", "tapone", "clsact")
    redirect = ("action", "mirred", "egress", "redirect", "dev", IFB)
    tc("filter", "add", "dev", "tapone", "ingress", "matchall", *redirect)
    yield
    for vm in (PAIR.first, PAIR.second):
        ip("netns", "del", vm)


def egress(*arguments: str) -> None:
    tc("qdisc", "replace", "dev", IFB, "root", "handle", "1:", "netem", *arguments)


def ingress(*arguments: str) -> None:
    tc("qdisc", "replace", "dev", "tapone", "root", "handle", "1:", "netem", *arguments)


PROBER = Prober(Process, lambda what, done: None)


def delays(asked: Both) -> List[Row]:
    answers = PROBER.run([sampling.delay_flows(PAIR, asked)])
    return judge(PROBER, PAIR, asked, answers)


def bad(judged: List[Row]) -> List[str]:
    return [f"{row.direction} {row.what}" for row in judged if row.verdict is Verdict.BAD]


def of_egress(asked: Asked) -> Both:
    return {**CLEAN_BOTH, "egress": asked}


def test_a_clean_link_is_clean(node: None) -> None:
    judged = delays(CLEAN_BOTH)
    assert bad(judged) == []
    assert [row.figures["lost"] for row in judged if row.what == "loss"] == [0, 0]


def test_each_direction_has_its_own_delay_and_loss(node: None) -> None:
    egress("limit", "5000", "delay", "100ms", "loss", "10%")
    ingress("limit", "5000", "delay", "30ms")
    asked = {"egress": Asked(delay_ms=100, loss_pct=10), "ingress": Asked(delay_ms=30)}
    assert bad(delays(asked)) == []
    swapped = {"egress": asked["ingress"], "ingress": asked["egress"]}
    wrong = [
        f"{direction} {what}" for direction in DIRECTIONS for what in ("one-way delay", "loss")
    ]
    assert bad(delays(swapped)) == wrong


def test_delay_and_loss_that_are_not_as_asked_are_bad(node: None) -> None:
    egress("limit", "5000", "delay", "102ms", "loss", "14%")
    judged = delays(of_egress(Asked(delay_ms=100, loss_pct=10)))
    assert bad(judged) == ["egress one-way delay", "egress loss"]


def test_jitter_that_reorders_is_bad(node: None) -> None:
    egress("limit", "5000", "delay", "50ms", "10ms")
    judged = delays(of_egress(Asked(delay_ms=50)))
    assert bad(judged) == ["egress jitter", "egress reordered, doubled"]
    assert judged[3].figures["reordered"] > 1000


def test_duplicates_are_bad_and_no_gain(node: None) -> None:
    egress("limit", "5000", "duplicate", "5%")
    judged = delays(CLEAN_BOTH)
    assert bad(judged) == ["egress reordered, doubled"]
    # 2300 packets, 5 %: 115 +- 10.
    assert 70 < judged[3].figures["duplicates"] < 160
    assert judged[2].figures["lost"] == 0


def test_a_dead_link_is_as_asked(node: None) -> None:
    egress("loss", "100%")
    assert bad(delays(of_egress(Asked(loss_pct=100)))) == []
    assert "egress one-way delay" in bad(delays(CLEAN_BOTH))


@pytest.mark.parametrize(("shaper", "wasted"), [("netem", 0.005), ("tbf", 0.03)])
def test_a_limit_counts_frames_without_fcs(node: None, shaper: str, wasted: float) -> None:
    """A bucket that is full while a busy host keeps the guest waiting wastes what tbf earns."""
    limits = {
        "egress": Asked(max_kbps=10_000, max_burst_kbps=1_000),
        "ingress": Asked(max_kbps=20_000, max_burst_kbps=1_000),
    }
    for device, rate in ((IFB, "10mbit"), ("tapone", "20mbit")):
        options = {
            "netem": ("limit", "125", "rate", rate),
            "tbf": ("rate", rate, "burst", "125000", "latency", "100ms"),
        }
        tc("qdisc", "add", "dev", device, "root", shaper, *options[shaper])
    busy, transfers = sampling.busy_flows(PAIR, limits), sampling.transfers(PAIR, limits)
    answers = PROBER.run([[flow] for flow in (*busy, *transfers)])
    for direction in DIRECTIONS:
        limit_kbps = limits[direction].max_kbps
        # Without the 14 bytes of the Ethernet header it would be 1 % more.
        udp_kbps = answers[f"{direction} udp"].wire_kbps
        assert limit_kbps * (1 - wasted) <= udp_kbps <= limit_kbps * 1.005
        goodput = verdicts.goodput(direction, limits[direction], answers[f"{direction} tcp"])
        assert goodput.verdict is Verdict.GOOD
    assert busy[0].frame_bits == 8 * (1400 + WIRE_OVERHEAD_BYTES) == 8 * 1442


def test_an_edit_in_place_loses_nothing_and_a_new_qdisc_what_was_in_the_old(node: None) -> None:
    rated = ("limit", "5000", "rate", "1gbit", "loss", "10%")
    asked = of_egress(Asked(delay_ms=150, loss_pct=10))
    flows = sampling.delay_flows(PAIR, asked, edit_s=2.0, netem={"egress": IFB})

    egress(*rated, "delay", "100ms")
    change = ("qdisc", "change", "dev", IFB, "root", "handle", "1:", "netem")
    answers = PROBER.run([flows], lambda: tc(*change, *rated, "delay", "150ms"))
    assert answers["egress delay"].netem
    assert bad(judge(PROBER, PAIR, asked, answers)) == []

    def replace() -> None:
        tc("qdisc", "del", "dev", IFB, "root")
        egress(*rated, "delay", "150ms")

    replaced = judge(PROBER, PAIR, asked, PROBER.run([flows], replace))
    assert "egress lost by the edit" in bad(replaced)
