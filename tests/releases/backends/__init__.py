# SPDX-License-Identifier: Apache-2.0
"""What imposes Neutron's networks on the compute node of a release's cloud."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, Protocol, Tuple

from tests.releases.backends.openvswitch import OpenVSwitch
from tests.releases.backends.ovn import Ovn
from tests.releases.compute import Compute, Service
from tests.releases.controller import Controller
from tests.releases.suites import Suite


class Backend(Protocol):
    """Where the backends differ; all else of a cloud is the same for both."""

    @property
    def name(self) -> str:
        """What `--backend` takes."""

    @property
    def tests(self) -> Tuple[str, ...]:
        """The files of `tests/releases` that are played, in this order."""

    @property
    def service_plugins(self) -> str:
        """Neutron's."""

    @property
    def ml2_conf(self) -> str:
        """The options of ML2 and of its mechanism driver."""

    @property
    def qos_driver(self) -> str:
        """The driver of QoS, by Neutron's name."""

    @property
    def binds(self) -> str:
        """The agent without which no port is bound, by Neutron's name."""

    @property
    def imposes(self) -> str:
        """The agent that imposes links, by Neutron's name."""

    @property
    def agent(self) -> Service:
        """The service of the compute node that imposes links."""

    @property
    def metered(self) -> bool:
        """Whether meters of its own impose bandwidth limits of ports without delay and loss."""

    def is_in(self, suite: Suite) -> bool:
        """Whether the suite has what it needs."""

    def modules(self) -> Path:
        """The kernel modules that the compute node needs; they are made where there are none."""

    def servers(self, suite: Suite) -> Tuple[str, ...]:
        """Neutron's services on the controller."""

    def start_central(self, controller: Controller) -> None:
        """Start what the controller has beside Neutron's servers."""

    def start_host(self, compute: Compute) -> None:
        """Start what the compute node has without our package, once its switch runs."""

    def start_links(self, compute: Compute) -> None:
        """Have the compute node impose links; our package is installed."""


BACKENDS: Dict[str, Backend] = {each.name: each for each in (OpenVSwitch(), Ovn())}
DEFAULT_BACKEND = "openvswitch"
