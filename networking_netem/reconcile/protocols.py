# SPDX-License-Identifier: Apache-2.0
"""What the reconciler needs around it. Whatever they raise costs no port but those asked about."""

from __future__ import annotations

from typing import Collection, Dict, Protocol, Sequence

from networking_netem.domain.observed import Observed
from networking_netem.domain.step import Step
from networking_netem.kernel.apply import Failure, Prepared


class Kernel(Protocol):
    """What the reconciler needs of ``networking_netem.kernel.host.Host``."""

    def observe(self, devices: Collection[str]) -> Dict[str, Observed]: ...

    def traces(self) -> Collection[str]: ...

    def orphans(self) -> Collection[str]: ...

    def limits_packets(self) -> Dict[str, int]: ...

    def apply(self, steps: Sequence[Step]) -> Sequence[Failure]: ...

    def prepare(self, steps: Sequence[Step]) -> Sequence[Prepared]: ...

    def send(self, prepared: Sequence[Prepared]) -> Sequence[Failure]: ...


class Switch(Protocol):
    """What the reconciler needs of the switch that the ports are on."""

    def claim(self, device: str, has_root: bool) -> bool:
        """Take the switch's own limits off a port; True when there were any.

        Where ``has_root``, the switch leaves the port's root qdisc alone from now on.
        """

    def release(self, device: str) -> None:
        """Give the root qdisc of a port back to the switch."""

    def kept_roots(self) -> Collection[str]:
        """The ports whose root qdiscs the switch leaves alone."""

    def uses_hooks(self) -> bool:
        """Whether the switch puts filters of its own on its ports' hooks."""
