# SPDX-License-Identifier: Apache-2.0
"""An instance that Nova migrates live: a port with a link, and a copy of it on either chassis."""

from __future__ import annotations

import json
import sys
import uuid
from typing import Any, Dict, List

from netem_lab.guest.place import PLACES
from netem_lab.guest.runner import Remote
from netem_lab.neutron_api import NeutronClient
from netem_lab.session import remote
from netem_lab.session.state import NODES, Lab
from tests.support.waiting import wait_until

NAME, PEER = "mover", "vm2"
EGRESS_MS, INGRESS_MS = 100, 50
HOSTS = {node: place.hostname for node, place in zip(NODES, PLACES)}
_ADDRESS = "10.0.0.13"
_END = "/run/crossing-ends"
_BOOT = """
import json, sys
from netem_lab.node.instance import Instance
port, peer = (Instance(each, 24) for each in json.loads(sys.argv[1]))
port.boot([peer])
"""


class Mover:
    """The instance, whose port is bound to the first chassis when it is made."""

    def __init__(self, lab: Lab) -> None:
        self.neutron = NeutronClient(lab.api_url)
        self.policy = self.neutron.post("qos/policies", {"policy": {"name": NAME}})["id"]
        for delay_ms, direction in ((EGRESS_MS, "egress"), (INGRESS_MS, "ingress")):
            rule = {"delay_ms": delay_ms, "direction": direction}
            path = f"qos/policies/{self.policy}/delay_rules"
            self.neutron.post(path, {"delay_rule": rule})
        (subnet,) = self.neutron.get("subnets")["subnets"]
        port = {
            "name": NAME,
            "network_id": subnet["network_id"],
            "fixed_ips": [{"subnet_id": subnet["id"], "ip_address": _ADDRESS}],
            # Not that of the lab's own instances.
            "device_owner": "compute:elsewhere",
            "device_id": str(uuid.uuid4()),
            "binding:host_id": HOSTS[NODES[0]],
            "qos_policy_id": self.policy,
        }
        self.port = self.neutron.post("ports", {"port": port})
        self.id = self.port["id"]
        self.tap = f"tap{self.id[:11]}"
        self.ifbs = {"egress": f"nifb{self.id[:11]}", "ingress": f"nifi{self.id[:11]}"}
        neighbour = f"{_ADDRESS} lladdr {self.port['mac_address']} dev eth0 nud permanent"
        _run(PEER, "ip", "neighbour", "replace", *neighbour.split())

    def boot(self, node: str) -> None:
        """Make its copy in a node, and plug it as Nova does."""
        ports = json.dumps([self.port, self.neutron.port(PEER)])
        _run(node, sys.executable, "-c", _BOOT, ports)

    def unplug(self, node: str) -> None:
        """Take its copy in a node away, as Nova does: from Open vSwitch first."""
        _run(node, "ovs-vsctl", "--if-exists", "del-port", self.tap)
        _run(node, "ip", "link", "delete", self.tap)
        _run(node, "ip", "netns", "delete", NAME)

    def announce_migration(self) -> None:
        """What Nova asks of Neutron before it plugs the port at the destination."""
        binding = {"binding": {"host": HOSTS[NODES[1]]}}
        self.neutron.post(f"ports/{self.id}/bindings", binding)
        profile = {"migrating_to": HOSTS[NODES[1]]}
        self.neutron.put(f"ports/{self.id}", {"port": {"binding:profile": profile}})

    def bind_to_destination(self) -> None:
        """What Nova asks of Neutron when the instance runs at the destination."""
        self.neutron.put(f"ports/{self.id}/bindings/{HOSTS[NODES[1]]}/activate")

    def start_crossing(self) -> Remote:
        """Have its copy at the destination send, and be sent to, as soon as it is there."""
        _run(NODES[1], "rm", "-f", _END)
        argv = [sys.executable, "-m", "tests.integration.ovn.two_chassis.crossing"]
        crossing = remote.spawn(NODES[1], [*argv, NAME, PEER, _END])
        assert next(iter(crossing)) == '"begun"\n', crossing.stderr
        return crossing

    def end_crossing(self, crossing: Remote) -> Dict[str, Any]:
        """What became of the packets, by direction."""
        _run(NODES[1], "touch", _END)
        found = {each["direction"]: each for each in map(json.loads, crossing)}
        assert crossing.wait() == 0, crossing.stderr
        return found

    def packets(self, node: str) -> List[int]:
        """How many packets the netem of each direction has let pass; none where there is none."""
        shown = json.loads(_run(node, "tc", "-s", "-j", "qdisc", "show"))
        passed = {q["dev"]: q["packets"] for q in shown if q["kind"] == "netem"}
        return [passed[ifb] for ifb in self.ifbs.values() if ifb in passed]

    def binding(self, column: str) -> str:
        """A column of its row in the southbound database, as ovn-sbctl prints it."""
        argv = ["ovn-sbctl", "--timeout=30", "--bare", f"--columns={column}", "find"]
        return _run(NODES[0], *argv, "Port_Binding", f"logical_port={self.id}").strip()

    def chassis(self, node: str) -> str:
        """The row of a node's chassis."""
        argv = ["ovn-sbctl", "--timeout=30", "--bare", "--columns=_uuid", "find", "Chassis"]
        return _run(NODES[0], *argv, f"hostname={HOSTS[node]}").strip()

    def is_active(self) -> bool:
        return self.neutron.get(f"ports/{self.id}")["port"]["status"] == "ACTIVE"

    def delete(self) -> None:
        """Delete all of it that is still there."""
        for node in NODES:
            if self.tap in _run(node, "ip", "-br", "link"):
                self.unplug(node)
        self.neutron.delete(f"ports/{self.id}")
        self.neutron.delete(f"qos/policies/{self.policy}")
        _run(PEER, "ip", "neighbour", "delete", _ADDRESS, "dev", "eth0")
        wait_until(lambda: not any(self.packets(node) for node in NODES))


def _run(where: str, *argv: str) -> str:
    done = remote.run(where, argv)
    assert done.returncode == 0, f"{where}: {argv}: {done.stderr}"
    return done.stdout
