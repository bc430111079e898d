# SPDX-License-Identifier: Apache-2.0
"""Neutron's Open vSwitch QoS driver with links in place of policing, HTB and meters.

The handlers only edit what is desired: Neutron calls delete before update for every rule of a
policy on any change (17 to 29), and what is between must not reach the kernel.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, Set

from neutron.plugins.ml2.drivers.openvswitch.agent.extension_drivers import qos_driver
from oslo_log import log as logging

from networking_netem.agent import rule as qos_rule
from networking_netem.domain.impairment import Impairment
from networking_netem.domain.link import Direction, Link

LOG = logging.getLogger(__name__)

VHOST_USER = ("dpdkvhostuser", "dpdkvhostuserclient")
"""Types of interfaces in Open vSwitch's database that are no network devices."""


class NetemQosDriver(qos_driver.QosOVSAgentDriver):
    """DSCP, minimum bandwidth and packet rates as Neutron has them; the rest is a link.

    ``touched`` names the devices whose desired link was edited since it was last emptied.
    """

    def __init__(self) -> None:
        super().__init__()
        self.links: Dict[str, Link] = {}
        self.touched: Set[str] = set()
        self._devices: Dict[str, str] = {}

    def device(self, port: Dict[str, Any]) -> str:
        """The network device of a port; empty when the port was never seen with one."""
        vif_port = port.get("vif_port")
        if vif_port:
            self._devices[port["port_id"]] = vif_port.port_name
        return self._devices.get(port["port_id"], "")

    def forget(self, port: Dict[str, Any]) -> None:
        """The port is gone; so is what is known of it."""
        self._devices.pop(port["port_id"], None)

    def create_bandwidth_limit(self, port: Dict[str, Any], rule: Any) -> None:
        self.update_bandwidth_limit(port, rule)

    def update_bandwidth_limit(self, port: Dict[str, Any], rule: Any) -> None:
        if self._has_kernel_device(port):
            self._put(port, rule)
        else:
            super().update_bandwidth_limit(port, rule)

    def delete_bandwidth_limit(self, port: Dict[str, Any]) -> None:
        if self._has_kernel_device(port):
            self._drop(port, qos_rule.BANDWIDTH_LIMIT, Direction.EGRESS)
        else:
            super().delete_bandwidth_limit(port)

    def delete_bandwidth_limit_ingress(self, port: Dict[str, Any]) -> None:
        if self._has_kernel_device(port):
            self._drop(port, qos_rule.BANDWIDTH_LIMIT, Direction.INGRESS)
        else:
            super().delete_bandwidth_limit_ingress(port)

    def update_delay(self, port: Dict[str, Any], rule: Any) -> None:
        if self._has_kernel_device(port):
            self._put(port, rule)
        else:
            device = self.device(port)
            LOG.error("%s is a vhost-user port: %s is not imposed on it", device, rule.rule_type)

    create_delay = create_loss = update_loss = update_delay

    def delete_delay(self, port: Dict[str, Any]) -> None:
        self._drop(port, qos_rule.DELAY, Direction.EGRESS)

    def delete_delay_ingress(self, port: Dict[str, Any]) -> None:
        self._drop(port, qos_rule.DELAY, Direction.INGRESS)

    def delete_loss(self, port: Dict[str, Any]) -> None:
        self._drop(port, qos_rule.LOSS, Direction.EGRESS)

    def delete_loss_ingress(self, port: Dict[str, Any]) -> None:
        self._drop(port, qos_rule.LOSS, Direction.INGRESS)

    def _has_kernel_device(self, port: Dict[str, Any]) -> bool:
        """False for a vhost-user port: its packets never meet the kernel."""
        device = self.device(port)
        kind = self.br_int.db_get_val("Interface", device, "type") if device else ""
        return kind not in VHOST_USER

    def _put(self, port: Dict[str, Any], rule: Any) -> None:
        self._edit(port, Direction(rule.direction), lambda was: qos_rule.with_rule(was, rule))

    def _drop(self, port: Dict[str, Any], rule_type: str, direction: Direction) -> None:
        self._edit(port, direction, lambda was: qos_rule.without_rule(was, rule_type))

    def _edit(
        self,
        port: Dict[str, Any],
        direction: Direction,
        change: Callable[[Impairment], Impairment],
    ) -> None:
        device = self.device(port)
        if device:
            link = self.links.get(device, Link.CLEAN)
            self.links[device] = link.with_impairment(direction, change(link[direction]))
            self.touched.add(device)
