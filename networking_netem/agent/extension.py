# SPDX-License-Identifier: Apache-2.0
"""The agent extension ``netem``: takes the place of ``qos`` in ``[agent] extensions``."""

from __future__ import annotations

from typing import Any, Dict, FrozenSet

from oslo_config import cfg

from networking_netem.agent import options, seam
from networking_netem.agent.switch import Switch
from networking_netem.domain.link import Link
from networking_netem.kernel import privileged
from networking_netem.kernel.host import Host
from networking_netem.reconcile.budget import Budget
from networking_netem.reconcile.reconciler import Reconciler
from networking_netem.reconcile.worker import Worker
from networking_netem.server import seam as rule_types

rule_types.apply()


class NetemAgentExtension(seam.QosAgentExtension):
    """Neutron's QoS extension; each event ends in one reconcile of the ports it touched."""

    def initialize(self, connection: Any, driver_type: str) -> None:
        """Load our QoS driver for this agent in place of Neutron's; refuse any other agent."""
        if driver_type != seam.OPEN_VSWITCH:
            raise seam.OtherAgent(driver_type=driver_type)
        super().initialize(connection, f"netem_{driver_type}")
        cfg.CONF.register_opts(options.OPTIONS, options.GROUP)
        # Starts the privileged process now: the first rule on a port need not wait for it.
        privileged.transact([])
        self._reconciler = Reconciler(
            Host(privileged.transact),
            Switch(self.agent_api.request_int_br()),
            Budget(options.queue_memory_bytes(cfg.CONF)),
        )
        self._worker = Worker(self._reconciler, cfg.CONF[options.GROUP].audit_interval_s)
        self._worker.start()

    def handle_port(self, context: Any, port: Dict[str, Any]) -> None:
        """A port was plugged or changed, or the agent looks at all ports anew."""
        super().handle_port(context, port)
        # An unchanged policy returns above without a word to the driver (17 to 29), though
        # Open vSwitch may have restarted since.
        device = self.qos_driver.device(port)
        self._reconcile(frozenset({device} - {""}))

    def delete_port(self, context: Any, port: Dict[str, Any]) -> None:
        """A port was unplugged or deleted."""
        with seam.editing():
            super().delete_port(context, port)
        self._reconcile()
        self.qos_driver.forget(port)

    def policies_changed(self) -> None:
        """A server pushed a policy."""
        self._reconcile()

    def _reconcile(self, also: FrozenSet[str] = frozenset()) -> None:
        """Hand over the links of the devices that were touched, and of these."""
        driver = self.qos_driver
        # So no link is seen between a rule's deletion and its creation.
        with seam.editing():
            devices, driver.touched = driver.touched | also, set()
            for device in devices:
                link = driver.links.get(device, Link.CLEAN)
                if link == Link.CLEAN:
                    driver.links.pop(device, None)
                self._reconciler.want(device, link)
        self._reconciler.reconcile(devices)
        self._worker.wake()
