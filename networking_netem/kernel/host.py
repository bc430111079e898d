# SPDX-License-Identifier: Apache-2.0
"""This host's kernel, with the methods that the reconciler needs."""

from __future__ import annotations

from typing import Collection, Dict, List, Sequence, Tuple

from networking_netem.domain.observed import Observed
from networking_netem.domain.step import Step
from networking_netem.kernel import apply, observe
from networking_netem.kernel.apply import Failure, Prepared, Transact
from networking_netem.kernel.netlink import Netlink


class Host:
    """The kernel of the calling thread's network namespace; ``transact`` sends the changes."""

    def __init__(self, transact: Transact) -> None:
        self._transact = transact
        self._looks: observe.Looks = {}

    def observe(self, devices: Collection[str]) -> Dict[str, Observed]:
        """What the kernel holds for each device; a device that does not exist is left out.

        A device that is as it was at the last look at many gives the same object again.
        """
        with Netlink() as netlink:
            looks = observe.look(netlink, devices, self._looks)
        if len(devices) > observe.MOST_ASKED:
            self._looks = looks
        return {name: observed for name, (_, observed) in looks.items()}

    def orphans(self) -> List[str]:
        """The names of our ifbs whose port's device is gone."""
        with Netlink() as netlink:
            return observe.orphans(netlink)

    def carriers(self) -> List[str]:
        """The names of the devices that hold something of ours."""
        with Netlink() as netlink:
            return observe.carriers(netlink)

    def traces(self) -> List[str]:
        """The names of the devices that may hold something of ours."""
        with Netlink() as netlink:
            return observe.traces(netlink)

    def limits_packets(self) -> Dict[str, int]:
        """The limits of all netems of ours, by device or ifb."""
        with Netlink() as netlink:
            return observe.limits_packets(netlink)

    def apply(self, steps: Sequence[Step]) -> Tuple[Failure, ...]:
        """Carry out the steps and return what the kernel refused."""
        return apply.apply(self._transact, steps)

    def prepare(self, steps: Sequence[Step]) -> Sequence[Prepared]:
        """The messages for steps, to be sent later; none for those whose device is not there."""
        return apply.prepare(steps)[0]

    def send(self, prepared: Sequence[Prepared]) -> Sequence[Failure]:
        """Send messages that were prepared, at once, and return what the kernel refused."""
        return apply.send(self._transact, prepared)
