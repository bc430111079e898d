# SPDX-License-Identifier: Apache-2.0
"""Neutron's Open vSwitch QoS driver with links in place of policing, HTB and meters."""

from __future__ import annotations

from functools import partialmethod
from typing import Any, ClassVar, Dict

from neutron.plugins.ml2.drivers.openvswitch.agent.extension_drivers import qos_driver
from oslo_log import log as logging

from networking_netem.domain.link import Direction
from networking_netem.domain.rule_types import BANDWIDTH_LIMIT, RULE_TYPES, RuleType
from networking_netem.reconcile.edits import Edits
from networking_netem.rules.supported import supported_rules

LOG = logging.getLogger(__name__)

VHOST_USER = ("dpdkvhostuser", "dpdkvhostuserclient")
"""The types of interfaces in Open vSwitch's database that have no network device."""


class NetemQosDriver(qos_driver.QosOVSAgentDriver):
    """Bandwidth limits and our rules become a link; other rules are left to Neutron's driver.

    The handlers only edit the desired link. The extension sets ``edits`` before the first port.
    """

    SUPPORTED_RULES: ClassVar[Dict[str, Any]] = {
        **qos_driver.QosOVSAgentDriver.SUPPORTED_RULES,
        **supported_rules(),
    }

    edits: Edits

    def __init__(self) -> None:
        super().__init__()
        self._devices: Dict[str, str] = {}

    def device(self, port: Dict[str, Any]) -> str:
        """The network device of a port; empty until an event of the port has named it.

        Where an event names another device than before, the link moves to that one.
        """
        known = self._devices.get(port["port_id"], "")
        vif_port = port.get("vif_port")
        if not vif_port:
            return known
        found: str = vif_port.port_name
        if known and known != found:
            self.edits.move(known, to=found)
        self._devices[port["port_id"]] = found
        return found

    def forget(self, port: Dict[str, Any]) -> None:
        """Forget the device of a port that is gone."""
        self._devices.pop(port["port_id"], None)

    def create_bandwidth_limit(self, port: Dict[str, Any], rule: Any) -> None:
        self.update_bandwidth_limit(port, rule)

    def update_bandwidth_limit(self, port: Dict[str, Any], rule: Any) -> None:
        if self._has_kernel_device(port):
            self._put(BANDWIDTH_LIMIT, port, rule)
        else:
            super().update_bandwidth_limit(port, rule)

    def delete_bandwidth_limit(self, port: Dict[str, Any]) -> None:
        if self._has_kernel_device(port):
            self.lift(BANDWIDTH_LIMIT, Direction.EGRESS, port)
        else:
            super().delete_bandwidth_limit(port)

    def delete_bandwidth_limit_ingress(self, port: Dict[str, Any]) -> None:
        if self._has_kernel_device(port):
            self.lift(BANDWIDTH_LIMIT, Direction.INGRESS, port)
        else:
            super().delete_bandwidth_limit_ingress(port)

    def impose(self, rule_type: RuleType, port: Dict[str, Any], rule: Any) -> None:
        """Put a rule of ours on a port; on a vhost-user port, only log that it is not imposed."""
        if self._has_kernel_device(port):
            self._put(rule_type, port, rule)
        else:
            device = self.device(port)
            LOG.error("%s is a vhost-user port: %s is not imposed on it", device, rule_type.name)

    def lift(self, rule_type: RuleType, direction: Direction, port: Dict[str, Any]) -> None:
        """Take the rule of a type off one direction of a port."""
        device = self.device(port)
        if device:
            self.edits.drop(device, direction, rule_type)

    def _has_kernel_device(self, port: Dict[str, Any]) -> bool:
        """False for a vhost-user port: its packets never meet the kernel."""
        device = self.device(port)
        kind = self.br_int.db_get_val("Interface", device, "type") if device else ""
        return kind not in VHOST_USER

    def _put(self, rule_type: RuleType, port: Dict[str, Any], rule: Any) -> None:
        device = self.device(port)
        if device:
            for direction in rule_type.directions(rule.direction):
                self.edits.put(device, direction, rule_type, rule.to_dict())


# Neutron looks handlers up by these names (17-29).
for _type in RULE_TYPES:
    _imposing = partialmethod(NetemQosDriver.impose, _type)
    setattr(NetemQosDriver, f"create_{_type.name}", _imposing)
    setattr(NetemQosDriver, f"update_{_type.name}", _imposing)
    for _suffix, _direction in (("", Direction.EGRESS), ("_ingress", Direction.INGRESS)):
        _lifting = partialmethod(NetemQosDriver.lift, _type, _direction)
        setattr(NetemQosDriver, f"delete_{_type.name}{_suffix}", _lifting)
