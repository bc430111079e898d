# SPDX-License-Identifier: Apache-2.0
"""Timelines on a real kernel: no step loses a packet, and the clock alone says which one holds."""

from __future__ import annotations

import contextlib
import time
from typing import Iterator

from networking_netem.domain.ifb import ifb_name
from networking_netem.domain.impairment import Impairment
from networking_netem.domain.link import Direction, Link
from networking_netem.domain.timeline import Timeline, TimelineStep
from networking_netem.kernel.netlink import Netlink
from networking_netem.kernel.timer import Timer
from tests.support.waiting import wait_until

from .conftest import tc
from .test_packets import datagrams
from .test_repair import Agent, agent, is_held  # noqa: F401
from .two_vms import PROBER, TAP

DELAYS_US = (20_000, 60_000, 5_000, 40_000)
EVERY_MS = 100
BASE = Link(
    egress=Impairment(delay_us=10_000, rate_kbps=20_000), ingress=Impairment(delay_us=30_000)
)
HOUR_MS = 3_600_000
OUTAGE = (TimelineStep(0), TimelineStep(HOUR_MS // 2, (("loss_ppm", 1_000_000),)))


def now_ms() -> int:
    return time.time_ns() // 10**6


def moving(start_in_ms: int, rounds: int) -> Link:
    """A link whose delay is another every 100 ms, and whose bandwidth is every second time."""
    steps = tuple(
        TimelineStep(
            EVERY_MS * number,
            (("delay_us", delay_us), ("rate_kbps", 10_000 if number % 2 else 20_000)),
        )
        for number, delay_us in enumerate(DELAYS_US)
    )
    timeline = Timeline(steps, EVERY_MS * len(steps), rounds, start_at_ms=now_ms() + start_in_ms)
    return Link(BASE.egress, BASE.ingress, egress_timeline=timeline, ingress_timeline=timeline)


def test_no_step_loses_or_reorders_a_packet(two_vms: None, agent: Agent) -> None:  # noqa: F811
    agent.worker.start()
    agent.link(TAP, BASE)
    flows = datagrams(1000, 10.0)
    answers = PROBER.run([flows], lambda: agent.link(TAP, moving(500, rounds=0)))
    late_ms, steps = agent.reconciler.lateness.take()
    seen = [answers[flow.key] for flow in flows]
    print(f"{steps} steps while packets ran, at most {max(late_ms):.1f} ms late: "
          f"lost {[s.lost for s in seen]}, reordered {[s.reordered for s in seen]} "
          f"of {[s.sent for s in seen]}")  # fmt: skip
    # A starved host leaves steps out that it has slept over.
    assert steps >= 5
    assert [(s.lost, s.reordered, s.duplicates) for s in seen] == [(0, 0, 0)] * 2


def test_a_step_is_as_many_messages_as_qdiscs_that_change(
    netlink: Netlink,
    tap: str,
    agent: Agent,  # noqa: F811
) -> None:
    link = moving(1000, rounds=5)
    agent.link(tap, link)
    agent.reconciler.reconcile([tap])
    before = agent.sender.messages
    agent.worker.start()
    wait_until(lambda: agent.reconciler.step_at_ms() is None)
    late_ms, steps = agent.reconciler.lateness.take()
    # A delay is a netem. A bandwidth is the root and the queue before it, in each direction.
    assert agent.sender.messages - before <= 6 * steps
    assert steps == len(late_ms)
    wait_until(lambda: is_held(netlink, tap, BASE))


@contextlib.contextmanager
def half_an_hour_later() -> Iterator[None]:
    """Sets the clock of this kernel half an hour ahead, and back."""
    time.clock_settime(time.CLOCK_REALTIME, time.time() + HOUR_MS / 2000)
    try:
        yield
    finally:
        time.clock_settime(time.CLOCK_REALTIME, time.time() - HOUR_MS / 2000)


def test_a_clock_that_is_set_finds_the_right_step_at_once(
    netlink: Netlink,
    tap: str,
    agent: Agent,  # noqa: F811
) -> None:
    timeline = Timeline(OUTAGE, HOUR_MS, 0, start_at_ms=now_ms() - 1000)
    agent.worker.start()
    agent.link(tap, Link(egress_timeline=timeline))
    assert loses(tap) == "0%"
    with half_an_hour_later():
        took_s = wait_until(lambda: loses(tap) == "100%")
    back_s = wait_until(lambda: loses(tap) == "0%")
    print(f"right step after the clock was set: {took_s * 1e3:.0f} and {back_s * 1e3:.0f} ms")


def loses(tap: str) -> str:
    """What the netem of a tap's egress loses, as tc says it."""
    shown = tc("qdisc", "show", "dev", ifb_name(tap, Direction.EGRESS))
    netem = next(line for line in shown.splitlines() if "netem" in line)
    return netem.split(" loss ")[1].split()[0] if " loss " in netem else "0%"


def test_another_agent_finds_the_step_and_tells_the_kernel_nothing(
    netlink: Netlink,
    tap: str,
    agent: Agent,  # noqa: F811
) -> None:
    timeline = Timeline(OUTAGE, HOUR_MS, 0, start_at_ms=now_ms() - HOUR_MS // 2 - 1000)
    link = Link(egress_timeline=timeline)
    agent.link(tap, link)
    assert loses(tap) == "100%"
    again = Agent()
    again.reconciler.want(tap, link)
    again.reconciler.audit()
    assert again.sender.messages == 0


def test_the_timer_tells_of_a_clock_that_is_set() -> None:
    timer = Timer()
    timer.set(now_ms() + 50)
    assert not timer.wait()
    timer.set(None)
    with half_an_hour_later():
        assert timer.wait()
