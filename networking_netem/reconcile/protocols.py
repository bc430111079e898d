# SPDX-License-Identifier: Apache-2.0
"""What the reconciler needs around it. Whatever they raise costs no port but those asked about."""

from __future__ import annotations

from typing import Collection, Dict, Protocol, Sequence

from networking_netem.domain.observed import Observed
from networking_netem.domain.step import Step
from networking_netem.kernel.apply import Failure


class Kernel(Protocol):
    """What the reconciler needs of ``networking_netem.kernel.host.Host``."""

    def observe(self, devices: Collection[str]) -> Dict[str, Observed]: ...

    def orphans(self) -> Collection[str]: ...

    def limits_packets(self) -> Dict[str, int]: ...

    def apply(self, steps: Sequence[Step]) -> Sequence[Failure]: ...


class Switch(Protocol):
    """What the reconciler needs of the switch that the ports are on."""

    def claim(self, device: str) -> bool:
        """Have the switch leave the qdiscs of a port alone; False when it does already."""

    def release(self, device: str) -> None:
        """Give the qdiscs of a port back to the switch."""
