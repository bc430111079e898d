# SPDX-License-Identifier: Apache-2.0
"""A link survives what ends beside it, and takes over what others left; the times are printed."""

from __future__ import annotations

import sys
from typing import Dict, Set, Tuple

import pytest

from netem_lab.session import remote
from tests.integration.port import Port, netem_counters, node, qdiscs
from tests.support.waiting import wait_until

LOG = "/var/log/netem-lab/neutron.log"

LEFT: Dict[str, Tuple[str, str]] = {
    "Neutron's own ingress limit": (
        "ovs-vsctl set Port {tap} qos=@qos -- --id=@qos create QoS type=linux-htb "
        "external_ids:id={tap} external_ids:_type=bandwidth_limit other_config:max-rate=10000000 "
        "queues:0=@queue -- --id=@queue create Queue external_ids:id={tap} "
        "external_ids:queue_num=0 external_ids:_type=bandwidth_limit other_config:max-rate=1000000",
        "htb",
    ),
    "Neutron's own egress limit": (
        "ovs-vsctl set Interface {tap} ingress_policing_rate=1000 ingress_policing_burst=800",
        "ingress",
    ),
    "the first version's netem": ("tc qdisc replace dev {tap} root netem delay 100ms", "netem"),
}


@pytest.mark.parametrize("left", LEFT)
def test_what_an_earlier_driver_left_is_taken_over(port: Port, left: str) -> None:
    command, kind = LEFT[left]
    port.attach(None)
    wait_until(port.is_clean)
    node("sh", "-c", command.format(tap=port.tap))
    wait_until(lambda: kind in {found for found, _ in qdiscs(port.tap)})
    port.attach(port.policy)
    print(f"{left}: taken over within {wait_until(port.is_whole):.2f} s")
    wait_until(lambda: kind not in {found for found, _ in qdiscs(port.tap)})
    assert node("ovs-vsctl", "get", "Interface", port.tap, "ingress_policing_rate").strip() == "0"
    assert "linux-htb" not in node("ovs-vsctl", "list", "QoS")


@pytest.mark.parametrize("signal", ["TERM", "KILL"])
def test_the_link_survives_a_restart_of_ovs_vswitchd(port: Port, signal: str) -> None:
    before = netem_counters(port)
    killed = node("sh", "-c", f"pid=$(pidof ovs-vswitchd) && kill -{signal} $pid && echo $pid")
    wait_until(lambda: node("pidof", "ovs-vswitchd").strip() not in ("", killed.strip()))
    wait_until(lambda: "is_connected: true" in node("ovs-vsctl", "show"))
    wait_until(port.is_whole)
    assert netem_counters(port) >= before, "the qdiscs were made anew"


def test_an_agent_that_was_killed_changes_nothing_when_it_is_back(port: Port) -> None:
    """The monitor receives every change of a qdisc or a filter, by whomever.

    It also receives the answer to who asks for a qdisc: what has been there all the time.
    """
    wait_until(port.is_whole)
    before, held = links_said(port), shown(port)
    script = "setsid tc monitor >/tmp/tc.monitor 2>&1 </dev/null & echo $!"
    monitor = node("sh", "-c", script).strip()
    node("sh", "-c", "kill -9 $(pgrep -of netem_lab.node.neutron)")
    wait_until(lambda: links_said(port) > before)
    wait_until(lambda: port.neutron.port("vm1")["status"] == "ACTIVE")
    node("kill", monitor)
    heard = node("cat", "/tmp/tc.monitor").splitlines()
    about = {line.strip() for line in heard if set(line.split()) & set(port.devices)}
    assert about <= held
    assert port.is_whole()


def shown(port: Port) -> Set[str]:
    """What tc shows of the port's qdiscs and filters, without what it shows only of changes."""
    lines = node("tc", "qdisc", "show").splitlines()
    return {line.strip().replace(" refcnt 2", "") for line in lines} | {
        line.strip() for line in lines
    }


def links_said(port: Port) -> int:
    """How often the agent's log says which link the port has."""
    log = node(
        "grep", "-c", f"{port.tap}: egress 10000 kbit/s, 20 ms", "/var/log/netem-lab/neutron.log"
    )
    return int(log.strip() or 0)


def test_a_host_that_is_cleaned_is_open_vswitchs_again(port: Port) -> None:
    wait_until(port.is_whole)
    node("pkill", "-STOP", "-f", "netem_lab.node.neutron")
    done = remote.run("node", [sys.executable, "-m", "networking_netem.agent.cleanup"])
    clean, row = port.is_clean(), node("ovs-vsctl", "get", "Port", port.tap, "qos").strip()
    rows = node("ovs-vsctl", "--bare", "--columns=_uuid", "list", "QoS").split()
    node("pkill", "-CONT", "-f", "netem_lab.node.neutron")
    assert (done.returncode, done.stdout) == (0, f"{port.tap}: clean\n"), done.stderr
    assert clean
    assert (row, rows) == ("[]", [])
    print(f"the agent has it back within {wait_until(port.is_whole):.2f} s")


HELPER = "networking_netem.kernel.privileged.context"
UNANSWERED = "the privileged process does not answer"


def test_a_privileged_process_that_hangs_stops_neither_the_agent_nor_the_links(port: Port) -> None:
    wait_until(port.is_whole)
    edited = port.rule("loss")

    def said(text: str) -> int:
        return int(node("grep", "-c", text, LOG).strip() or 0)

    node("pkill", "-STOP", "-f", HELPER)
    before = said(UNANSWERED)
    port.neutron.put(edited, {"loss_rule": {"loss_pct": 2}})
    print(f"said after {wait_until(lambda: said(UNANSWERED) > before):.0f} s")
    assert port.is_whole(), "what the kernel holds needs nobody"
    node("pkill", "-CONT", "-f", HELPER)
    print(f"in force after {wait_until(lambda: '0.02' in loss(port)):.0f} s")
    port.neutron.put(edited, {"loss_rule": {"loss_pct": 1}})
    wait_until(lambda: "0.01" in loss(port))


def loss(port: Port) -> str:
    """The share that the netem of the port's ingress loses, as tc shows it."""
    return str(port.netem(port.back)["loss-random"]["loss"])
