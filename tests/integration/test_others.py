# SPDX-License-Identifier: Apache-2.0
"""A link comes back after others have changed the port's qdiscs; the time without is printed."""

from __future__ import annotations

import json
import sys
import time
from typing import Callable, Dict, Iterator, List, Optional, Set, Tuple

import pytest

from netem_lab.neutron_api import NeutronClient
from netem_lab.session import remote
from netem_lab.session.state import Lab

DEADLINE_S = 180.0
LOG = "/var/log/netem-lab/neutron.log"
OURS = {("tbf", "4e45:"), ("netem", "4e46:"), ("bfifo", "4e47:")}


class Port:
    """The first VM's port with a policy that impairs both directions."""

    def __init__(self, lab: Lab) -> None:
        self.neutron = NeutronClient(lab.api_url)
        self.id = self.neutron.port("vm1")["id"]
        self.tap = f"tap{self.id[:11]}"
        self.ifb, self.back = f"nifb{self.id[:11]}", f"nifi{self.id[:11]}"
        self.devices = (self.tap, self.ifb, self.back)

    def impair(self) -> None:
        self.policy = policy = self.neutron.post("qos/policies", {"policy": {"name": "others"}})[
            "id"
        ]
        for kind, rule in (
            ("bandwidth_limit", {"max_kbps": 10_000}),
            ("bandwidth_limit", {"max_kbps": 20_000, "direction": "ingress"}),
            ("delay", {"delay_ms": 20, "delay_correlation_ms": 2}),
            ("loss", {"loss_pct": 1, "direction": "ingress"}),
        ):
            self.neutron.post(f"qos/policies/{policy}/{kind}_rules", {f"{kind}_rule": rule})
        self.attach(policy)

    def attach(self, policy: Optional[str]) -> None:
        self.neutron.put(f"ports/{self.id}", {"port": {"qos_policy_id": policy}})

    def is_whole(self) -> bool:
        return all(
            qdiscs(ifb) >= OURS and ifb in node("tc", "filter", "show", "dev", self.tap, hook)
            for hook, ifb in (("ingress", self.ifb), ("egress", self.back))
        )

    def is_clean(self) -> bool:
        links = node("ip", "-br", "link")
        return not (qdiscs(self.tap) & OURS or self.ifb in links or self.back in links)


def node(*argv: str) -> str:
    return remote.run("node", argv).stdout


def qdiscs(device: str) -> set:
    shown = node("tc", "-j", "qdisc", "show", "dev", device) or "[]"
    return {(qdisc["kind"], qdisc["handle"]) for qdisc in json.loads(shown)}


def wait_until(holds: Callable[[], bool]) -> float:
    began = time.monotonic()
    while not holds():
        assert time.monotonic() < began + DEADLINE_S, "not in time"
    return time.monotonic() - began


@pytest.fixture(scope="module")
def port(lab: Lab) -> Iterator[Port]:
    found = Port(lab)
    found.impair()
    wait_until(found.is_whole)
    yield found
    found.attach(None)
    found.neutron.delete(f"qos/policies/{found.policy}")
    wait_until(found.is_clean)
    assert node("ovs-vsctl", "get", "Port", found.tap, "qos").strip() == "[]"


DEEDS: Dict[str, List[str]] = {
    "tc qdisc del root": ["tc qdisc del dev {back} root"],
    "tc qdisc del clsact": ["tc qdisc del dev {tap} clsact"],
    "ip link del ifb": ["ip link del {ifb}"],
    "ovs-vsctl clear Port qos": ["ovs-vsctl clear Port {tap} qos"],
    "policing set by hand": ["ovs-vsctl set Interface {tap} ingress_policing_rate=1000"],
    "MTU": ["ip link set {tap} mtu 1400", "ip link set {tap} mtu 1500"],
    "link down and up": ["ip link set {tap} down", "ip link set {tap} up"],
}


@pytest.mark.parametrize("deed", DEEDS)
def test_the_link_is_back_after(port: Port, deed: str) -> None:
    for command in DEEDS[deed]:
        node("sh", "-c", command.format(tap=port.tap, ifb=port.ifb, back=port.back))
    print(f"{deed}: back within {wait_until(port.is_whole):.2f} s")


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


def netem_counters(port: Port) -> List[int]:
    """The number of packets that each netem has seen; a new qdisc begins at 0."""
    shown = (node("tc", "-s", "-j", "qdisc", "show", "dev", d) for d in (port.ifb, port.back))
    return [q["packets"] for text in shown for q in json.loads(text) if q["kind"] == "netem"]


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
    rules = port.neutron.get(f"qos/policies/{port.policy}")["policy"]["rules"]
    (rule,) = (each["id"] for each in rules if each["type"] == "loss")
    edited = f"qos/policies/{port.policy}/loss_rules/{rule}"

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
    shown = json.loads(node("tc", "-j", "qdisc", "show", "dev", port.back))
    (netem,) = (qdisc for qdisc in shown if qdisc["kind"] == "netem")
    return str(netem["options"]["loss-random"]["loss"])
