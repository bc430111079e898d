# SPDX-License-Identifier: Apache-2.0
"""What imposes Neutron's networks on the node: the Open vSwitch agent, or OVN."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, Mapping, Protocol, Tuple

from netem_lab.node.openvswitch import OpenVSwitch
from netem_lab.node.ovn import Ovn
from netem_lab.node.part import Part
from netem_lab.node.processes import Start


class Backend(Protocol):
    """Where the backends differ; all else in the lab is the same for both."""

    @property
    def name(self) -> str:
        """What `--backend` takes. The file `<name>.conf` here has its part of Neutron's options."""

    @property
    def agents(self) -> Tuple[str, ...]:
        """The agents that must be alive, by Neutron's names, before a port can have a link."""

    @property
    def programs(self) -> Mapping[str, str]:
        """The programs and files that it needs besides Open vSwitch's, and their packages."""

    @property
    def needs_zones(self) -> bool:
        """Whether it needs kernel modules with connection tracking zones."""

    @property
    def metered(self) -> bool:
        """Whether meters of its own impose bandwidth limits of ports without delay and loss."""

    @property
    def most_chassis(self) -> int:
        """How many nodes a lab can have."""

    @property
    def variables(self) -> Mapping[str, str]:
        """The variables that Neutron's environment must have."""

    def settings(self, part: Part) -> Mapping[str, str]:
        """What its file of options is filled in with besides, on a node."""

    def starts(self, log_folder: Path, configuration: str, part: Part) -> Dict[str, Start]:
        """Return what starts a node's processes besides Neutron, in order.

        `configuration` is its part of Neutron's options, filled in.
        """

    def load(self) -> None:
        """Register the options of what `serve` runs; called in Neutron's process."""

    def serve(self) -> None:
        """Run what belongs into Neutron's process beside the API; never return."""


BACKENDS: Dict[str, Backend] = {each.name: each for each in (OpenVSwitch(), Ovn())}
DEFAULT_BACKEND = "openvswitch"
