# SPDX-License-Identifier: Apache-2.0
"""The backend openvswitch: Neutron's RPC listeners and Open vSwitch agent, in the API's process."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Dict, Mapping

from netem_lab.node import ovs
from netem_lab.node.part import Part
from netem_lab.node.processes import Start


class OpenVSwitch:
    """Neutron binds ports to its own agent, which sets Open vSwitch's flows."""

    name = "openvswitch"
    agents = ("Open vSwitch agent",)
    needs_zones = False
    metered = False
    most_chassis = 1  # Neutron's message bus is within one process
    programs: Mapping[str, str] = {}
    variables: Mapping[str, str] = {}

    def settings(self, part: Part) -> Mapping[str, str]:
        """Nothing."""
        return {}

    def starts(self, log_folder: Path, configuration: str, part: Part) -> Dict[str, Start]:
        """Open vSwitch; the agent waits for it by itself."""
        return {
            "ovsdb-server": partial(ovs.start_database, log_folder),
            "ovs-vswitchd": partial(ovs.start_switch, log_folder),
        }

    def load(self) -> None:
        """The agent's options must be registered before the one configuration is parsed."""
        _keep_privileges()
        from neutron.plugins.ml2.drivers.openvswitch.agent import main as agent  # noqa: F401
        from neutron.plugins.ml2.drivers.openvswitch.agent import ovs_neutron_agent  # noqa: F401
        from neutron.plugins.ml2.drivers.openvswitch.agent.openflow.native import (  # noqa: F401
            main as openflow,
        )

    def serve(self) -> None:
        """Run the workers that neutron-rpc-server would start, and the agent."""
        from neutron.plugins.ml2.drivers.openvswitch.agent.openflow.native import main as openflow

        _listen()
        openflow.init_config()
        openflow.main()


def _keep_privileges() -> None:
    """Run Neutron's privileged calls in this process, as its functional tests do.

    Neutron's two daemons would take a third of the node's start and 160 MB. Our daemon is kept.
    """
    from neutron import privileged

    for context in (privileged.default, privileged.ovs_vsctl_cmd):
        context.set_client_mode(False)


def _listen() -> None:
    from neutron import service
    from neutron_lib.plugins import directory

    core = directory.get_plugin()
    service.RpcWorker(directory.get_plugins().values()).start()
    service.RpcReportsWorker([core]).start()
