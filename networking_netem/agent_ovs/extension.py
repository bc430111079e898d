# SPDX-License-Identifier: Apache-2.0
"""The agent extension ``netem``: takes the place of ``qos`` in ``[agent] extensions``."""

from __future__ import annotations

from typing import Any, Dict, Optional

from oslo_config import cfg

from networking_netem.agent import options
from networking_netem.agent.switch import Switch
from networking_netem.agent_ovs import seam
from networking_netem.kernel import privileged
from networking_netem.kernel.host import Host
from networking_netem.reconcile.edits import Edits
from networking_netem.reconcile.reconciler import Reconciler
from networking_netem.reconcile.worker import Worker
from networking_netem.rules import register


class NetemAgentExtension(seam.QosAgentExtension):
    """Neutron's QoS extension; each event hands the links that it changed over to the worker."""

    def initialize(self, connection: Any, driver_type: str) -> None:
        """Load our QoS driver for this agent in place of Neutron's; refuse any other agent."""
        if driver_type != seam.OPEN_VSWITCH:
            raise seam.OtherAgent(driver_type=driver_type)
        register.apply()
        super().initialize(connection, f"netem_{driver_type}")
        cfg.CONF.register_opts(options.OPTIONS, options.GROUP)
        # This starts the privileged process, so that the first rule on a port need not wait for it.
        privileged.transact([])
        self._reconciler = Reconciler(
            Host(privileged.transact),
            Switch(self.agent_api.request_int_br()),
            options.budget(cfg.CONF),
            options.protected(cfg.CONF),
        )
        self._edits = self.qos_driver.edits = Edits(self._reconciler.link)
        self._worker = Worker(self._reconciler, cfg.CONF[options.GROUP].audit_interval_s)
        self._worker.start()

    def handle_port(self, context: Any, port: Dict[str, Any]) -> None:
        """A port was plugged or changed, or the agent handles all its ports again."""
        super().handle_port(context, port)
        # Above, Neutron does not call the driver for an unchanged policy (17-29). The port is
        # looked at all the same: Open vSwitch may have restarted, or the device be another.
        self._hand_over(port)

    def delete_port(self, context: Any, port: Dict[str, Any]) -> None:
        """A port was unplugged or deleted."""
        with seam.editing():
            super().delete_port(context, port)
        self._hand_over()
        self.qos_driver.forget(port)

    def policies_changed(self) -> None:
        """A server pushed a policy."""
        self._hand_over()

    def _hand_over(self, port: Optional[Dict[str, Any]] = None) -> None:
        """Have the worker look at the devices whose rules were edited, and at that of ``port``."""
        # The lock keeps us from taking a link between a rule's deletion and its creation.
        with seam.editing():
            device = self.qos_driver.device(port) if port else ""
            links = self._edits.take([device] if device else ())
            for device, link in links.items():
                self._reconciler.want(device, link)
        self._worker.wake()
