# SPDX-License-Identifier: Apache-2.0
"""The ports that have a link, or from which one is being removed."""

from __future__ import annotations

from typing import Callable, Collection, Dict, Iterator, List, Optional, Set

from networking_netem.domain.ifb import ifb_names
from networking_netem.reconcile.port import Port


class Ports:
    """Ports by device, found also by the names of their ifbs.

    ``traces`` tells the devices of the host that may hold something of an earlier agent's. It is
    asked once.
    """

    def __init__(self, traces: Callable[[], Collection[str]]) -> None:
        self._ports: Dict[str, Port] = {}
        self._devices: Dict[str, str] = {}
        self._traces = traces
        self._traced: Optional[Set[str]] = None

    def __iter__(self) -> Iterator[Port]:
        return iter(self._ports.values())

    def get(self, device: str) -> Optional[Port]:
        """The port of a device; None where it has no link."""
        return self._ports.get(device)

    def make(self, device: str) -> Port:
        """The port of a device, a new one if need be."""
        port = self._ports.get(device)
        if port is None:
            port = self._ports[device] = Port(device)
            for name in (device, *ifb_names(device)):
                self._devices[name] = device
        return port

    def forget(self, device: str) -> None:
        """A device holds nothing, and is to hold nothing."""
        if self._ports.pop(device, None):
            for name in (device, *ifb_names(device)):
                self._devices.pop(name, None)
        if self._traced:
            self._traced.discard(device)

    def behind(self, names: Collection[str]) -> List[Port]:
        """The ports with these devices or ifbs."""
        devices = {self._devices[name] for name in names if name in self._devices}
        return [self._ports[device] for device in devices]

    def may_hold_anything(self, device: str) -> bool:
        """False where a device has no port here, and nothing of an earlier agent's."""
        if device in self._ports:
            return True
        if self._traced is None:
            self._traced = set(self._traces())
        return device in self._traced
