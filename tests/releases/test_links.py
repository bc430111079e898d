# SPDX-License-Identifier: Apache-2.0
"""A compute node that imposes links; `test_takeover.py` or `test_chassis.py` has begun to."""

from __future__ import annotations

import re
import statistics
from dataclasses import replace
from datetime import datetime
from typing import Any, List

from netem_lab.progress import Display
from netem_lab.scenario import qdiscs
from netem_lab.scenario.port_policy import PortPolicy
from netem_lab.scenario.scenario import PAIR, UNSTABLE, Scenario
from netem_lab.verdict import report
from netem_lab.verdict.row import good
from networking_netem.domain.link import Direction
from networking_netem.domain.rule_types import DELAY
from tests.releases.cloud import Cloud

MONITORED = "/tmp/monitored"
REPAIRS = 10
MEDIAN_REPAIR_S = 0.05


def test_the_demo(plugged: Cloud) -> None:
    with Display() as display:
        metered = plugged.backend.metered
        steps = Scenario(plugged.neutron, plugged.compute.node, display, metered).play()
    report.show(steps)
    assert good(steps)


def test_a_restart_of_the_agent_changes_nothing(plugged: Cloud, lossless: PortPolicy) -> None:
    compute, node = plugged.compute, plugged.compute.node
    before = len(compute.trouble())
    monitor = _monitor(plugged)
    lossless.put_on()
    changes = _monitored(plugged, lossless)
    assert changes
    packets = node.spawn(["ip", "netns", "exec", PAIR.first, "ping", "-i0.1", "10.0.0.12"])
    wanted = compute.log().count(f"{lossless.tap}: ")

    plugged.restart_links()
    compute.until(lambda: compute.log().count(f"{lossless.tap}: ") > wanted, "its first round")
    node.output(["pkill", "-INT", "-x", "ping"])
    *_, counts, times = (line for line in packets if line.strip())
    monitor.kill()

    sent, received = (int(part.split()[0]) for part in counts.split(", ")[:2])
    print(counts, times)
    assert sent > 100
    # ping counts packets as sent that are still queued when it ends.
    assert sent - received <= 2
    # Who asks for a qdisc has the kernel announce it, as it is and was.
    assert set(_monitored(plugged, lossless)) <= set(changes)
    assert compute.trouble()[before:] == []


def test_what_others_undo_is_repaired_in_50_ms(plugged: Cloud, lossless: PortPolicy) -> None:
    """On eventlet too (to 26), where a thread that waits for the kernel might stop the agent."""
    compute, node = plugged.compute, plugged.compute.node
    lossless.put_on()
    ifb = lossless.ifbs[Direction.INGRESS]
    monitor = _monitor(plugged, "-tshort")
    for _ in range(REPAIRS):
        node.output(["tc", "qdisc", "del", "dev", ifb, "root"])
        compute.until(lossless.is_held, "the repair")
    compute.until(lambda: len(_repairs_s(_announced(plugged), ifb)) == REPAIRS, "tc monitor")
    monitor.kill()
    repairs_s = _repairs_s(_announced(plugged), ifb)
    print(f"repaired in {statistics.median(repairs_s) * 1e3:.1f} ms (median), "
          f"{max(repairs_s) * 1e3:.1f} ms at the longest, n = {len(repairs_s)}")  # fmt: skip
    assert statistics.median(repairs_s) <= MEDIAN_REPAIR_S


def _repairs_s(announced: str, ifb: str) -> List[float]:
    """The seconds from each removal of a device's root to the next announcement of ours there."""
    repairs_s, deleted_at = [], None
    for line in re.finditer(rf"\[(\S+)\] (deleted )?qdisc tbf 4e45: dev {ifb} root", announced):
        at = datetime.fromisoformat(line[1])
        if line[2]:
            deleted_at = at
        elif deleted_at:
            repairs_s.append((at - deleted_at).total_seconds())
            deleted_at = None
    return repairs_s


ODD_DEVICES = r"""
for name in x hm0 trunk-vm-000001 "$(printf 'x\377y')"; do ip link add "$name" type dummy; done
ovs-vsctl add-port br-int tpi-11111111-11 -- set Interface tpi-11111111-11 type=patch \
    options:peer=tpt-11111111-11
ip link add gone0 type dummy && ip link del gone0
"""


def test_odd_devices_stop_neither_the_agent_nor_links(plugged: Cloud, lossless: PortPolicy) -> None:
    compute, node = plugged.compute, plugged.compute.node
    lossless.put_on()
    before = len(compute.trouble())
    node.output(["sh", "-c", ODD_DEVICES])
    heard = _heard(plugged)
    lossless.edit(DELAY, Direction.EGRESS, replace(UNSTABLE.egress, delay_us=50_000))
    node.output(["tc", "qdisc", "del", "dev", lossless.tap, "clsact"])
    shown = ["tc", "qdisc", "show", "dev", lossless.tap]
    compute.until(lambda: "clsact" in node.output(shown), "the repair")
    compute.until(lambda: _heard(plugged) != heard, "a report of the agent")
    assert lossless.is_held()
    assert compute.trouble()[before:] == []


def test_a_port_without_its_policy_is_clean(plugged: Cloud, policy: PortPolicy) -> None:
    before = len(plugged.compute.trouble())
    policy.put_on()
    policy.detach()
    plugged.compute.until(lambda: not qdiscs.left(plugged.compute.node.output), "a clean link")
    assert plugged.compute.trouble()[before:] == []


def _monitor(cloud: Cloud, *options: str) -> Any:
    """Start `tc monitor`, and return when it hears the kernel's announcements."""
    node, words = cloud.compute.node, " ".join(("tc", *options, "monitor"))
    node.output(["rm", "-f", MONITORED])
    monitor = node.spawn(["sh", "-c", f"exec {words} >{MONITORED}"])

    def hears() -> bool:
        node.output(["tc", "qdisc", "replace", "dev", "lo", "root", "pfifo"])
        return bool(_announced(cloud))

    cloud.compute.until(hears, "tc monitor")
    node.output(["tc", "qdisc", "del", "dev", "lo", "root"])
    return monitor


def _announced(cloud: Cloud) -> str:
    return cloud.compute.node.output(["sh", "-c", f"cat {MONITORED} || true"])


def _monitored(cloud: Cloud, policy: PortPolicy) -> List[str]:
    """Return what the kernel has announced of the port's qdiscs and filters."""
    devices = {policy.tap, *policy.ifbs.values()}
    return [line for line in _announced(cloud).splitlines() if devices & set(line.split())]


def _heard(cloud: Cloud) -> Any:
    (agent,) = cloud.agents()
    return agent["heartbeat_timestamp"]
