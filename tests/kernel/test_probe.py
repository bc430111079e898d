# SPDX-License-Identifier: Apache-2.0
"""The probe measures what tc has done to a link, and the verdicts are right on it."""

from __future__ import annotations

from dataclasses import replace
from typing import List, Set

import pytest

from netem_lab.probe.flow import Datagrams, Key
from netem_lab.verdict import rates, sampling
from netem_lab.verdict.judging import judge
from netem_lab.verdict.row import Row, Verdict
from networking_netem.domain.impairment import Impairment
from networking_netem.domain.link import Direction, Link
from tests.kernel.conftest import ip, tc
from tests.kernel.two_vms import PAIR, PROBER

IFB = "ifbone"


@pytest.fixture
def node(two_vms: None) -> None:
    """A node where what `one` sends passes an ifb, and what it receives passes its tap's root."""
    ip("link", "add", IFB, "type", "ifb")
    ip("link", "set", IFB, "up")
    tc("qdisc", "add", "dev", "tapone", "clsact")
    redirect = ("action", "mirred", "egress", "redirect", "dev", IFB)
    tc("filter", "add", "dev", "tapone", "ingress", "matchall", *redirect)


def egress(*arguments: str) -> None:
    tc("qdisc", "replace", "dev", IFB, "root", "handle", "1:", "netem", *arguments)


def ingress(*arguments: str) -> None:
    tc("qdisc", "replace", "dev", "tapone", "root", "handle", "1:", "netem", *arguments)


def delays(asked: Link) -> List[Row]:
    answers = PROBER.run([sampling.delay_flows(PAIR, asked)])
    return judge(PROBER, PAIR, asked, answers)


def bad(judged: List[Row], *others: Verdict) -> List[str]:
    """Return the titles of the bad rows, and of those with one of the other verdicts."""
    verdicts = (Verdict.BAD, *others)
    return [f"{row.direction} {row.what}" for row in judged if row.verdict in verdicts]


def finds(wrong: Set[str], judged: List[Row]) -> bool:
    """Whether these rows alone are bad, or unsure because the machine was stalled."""
    return set(bad(judged)) <= wrong <= set(bad(judged, Verdict.UNSURE))


def test_a_clean_link_is_clean(node: None) -> None:
    judged = delays(Link.CLEAN)
    assert bad(judged) == []
    assert [row.figures["lost"] for row in judged if row.what == "loss"] == [0, 0]


def test_each_direction_has_its_own_delay_and_loss(node: None) -> None:
    egress("limit", "5000", "delay", "100ms", "loss", "10%")
    ingress("limit", "5000", "delay", "30ms")
    asked = Link(Impairment(delay_us=100_000, loss_ppm=100_000), Impairment(delay_us=30_000))
    assert bad(delays(asked)) == []
    swapped = Link(egress=asked.ingress, ingress=asked.egress)
    wrong = {
        f"{direction.value} {what}" for direction in Direction for what in ("one-way delay", "loss")
    }
    assert finds(wrong, delays(swapped))


def test_delay_and_loss_that_are_not_as_asked_are_bad(node: None) -> None:
    egress("limit", "5000", "delay", "102ms", "loss", "14%")
    judged = delays(Link(egress=Impairment(delay_us=100_000, loss_ppm=100_000)))
    assert finds({"egress one-way delay", "egress loss"}, judged)


def test_jitter_that_reorders_is_bad(node: None) -> None:
    egress("limit", "5000", "delay", "50ms", "10ms")
    judged = delays(Link(egress=Impairment(delay_us=50_000)))
    assert "egress reordered, doubled" in bad(judged)
    assert "egress jitter" in bad(judged, Verdict.UNSURE)
    assert judged[3].figures["reordered"] > 1000


def test_duplicates_are_bad_and_no_gain(node: None) -> None:
    egress("limit", "5000", "duplicate", "5%")
    judged = delays(Link.CLEAN)
    assert bad(judged) == ["egress reordered, doubled"]
    # 2000 packets, 5 %: 100 +- 10.
    assert 60 < judged[3].figures["duplicates"] < 150
    assert judged[2].figures["lost"] == 0


def test_a_dead_link_is_as_asked(node: None) -> None:
    egress("loss", "100%")
    assert bad(delays(Link(egress=Impairment(loss_ppm=1_000_000)))) == []
    assert "egress one-way delay" in bad(delays(Link.CLEAN))


SHAPERS = {
    "netem": ("limit", "50", "rate"),
    "tbf": ("burst", "12500", "latency", "100ms", "rate"),
}


# A stall that is longer than TBF's bucket costs tokens, which do not come back.
@pytest.mark.parametrize("shaper", ["netem", pytest.param("tbf", marks=pytest.mark.figures)])
def test_limits_are_measured_by_udp_and_tcp(node: None, shaper: str) -> None:
    limits = Link(
        egress=Impairment(rate_kbps=2_000, burst_kbit=100),
        ingress=Impairment(rate_kbps=4_000, burst_kbit=100),
    )
    tc("qdisc", "add", "dev", IFB, "root", shaper, *SHAPERS[shaper], "2mbit")
    tc("qdisc", "add", "dev", "tapone", "root", shaper, *SHAPERS[shaper], "4mbit")
    flows = [*sampling.busy_flows(PAIR, limits), *sampling.transfers(PAIR, limits)]
    answers = PROBER.run([[flow] for flow in flows])
    for direction in Direction:
        asked, carried = limits[direction], answers[Key(direction.value, "tcp")]
        udp = rates.throughput(direction, asked, answers[Key(direction.value, "udp")])
        tcp = rates.goodput(direction, asked, carried)
        assert [udp.verdict, tcp.verdict] == [Verdict.GOOD] * 2
        # netem sends later what it did not send while the machine was stalled.
        running = replace(carried, stalled_share=0.0)
        wider = replace(asked, rate_kbps=asked.rate_kbps * 115 // 100)
        assert rates.goodput(direction, wider, running).verdict is Verdict.BAD


@pytest.mark.parametrize("device", [IFB, "tapone"])
def test_a_limit_counts_frames_without_fcs(node: None, device: str) -> None:
    """Of 100 bytes a frame, 4 of FCS would be 4 % and 14 of Ethernet header 14 %.

    The queue holds 0.8 s, so that the link stays busy while the machine is stalled.
    """
    tc("qdisc", "add", "dev", device, "root", "netem", "limit", "1000", "rate", "1mbit")
    way = PAIR.way(Direction.EGRESS if device == IFB else Direction.INGRESS)
    flow = Datagrams(Key("", "small udp"), *way, 1900, 3800, settle_count=1900, payload_bytes=58)
    sample = PROBER.run([[replace(flow, most_debt_s=2.0)]])[flow.key]
    assert flow.frame_bits == 800
    assert sample.wire_kbps == pytest.approx(1000, rel=0.02)


def test_an_edit_in_place_loses_nothing_and_a_new_qdisc_what_was_in_the_old(node: None) -> None:
    rated = ("limit", "5000", "rate", "1gbit", "loss", "10%")
    asked = Link(egress=Impairment(delay_us=150_000, loss_ppm=100_000))
    flows = sampling.delay_flows(PAIR, asked, awaits_edit=True, netem={Direction.EGRESS: IFB})

    egress(*rated, "delay", "100ms")
    change = ("qdisc", "change", "dev", IFB, "root", "handle", "1:", "netem")
    answers = PROBER.run([flows], lambda: tc(*change, *rated, "delay", "150ms"))
    assert answers[flows[0].key].netem
    assert bad(judge(PROBER, PAIR, asked, answers)) == []

    def swap() -> None:
        tc("qdisc", "del", "dev", IFB, "root")
        egress(*rated, "delay", "150ms")

    replaced = judge(PROBER, PAIR, asked, PROBER.run([flows], swap))
    assert "egress lost by the edit" in bad(replaced)
