# SPDX-License-Identifier: Apache-2.0
"""Links while their rules are edited: nobody else sees one that is half edited."""

from __future__ import annotations

from typing import Any, Callable, Collection, Dict, Mapping

from networking_netem.domain.link import Direction, Link
from networking_netem.domain.rule_types import RuleType


class Edits:
    """The links of the devices that were edited since the last ``take``.

    ``desired`` tells the link that an edit begins from. Neutron deletes and creates every rule of a
    policy on any change (17 to 29): what is between is held here and reaches no kernel.
    """

    def __init__(self, desired: Callable[[str], Link]) -> None:
        self._desired = desired
        self._links: Dict[str, Link] = {}

    def put(
        self, device: str, direction: Direction, rule_type: RuleType, values: Mapping[str, Any]
    ) -> None:
        """A rule of this type with these values is in force on a device."""
        self._links[device] = rule_type.put_on(self._link(device), direction, values)

    def drop(self, device: str, direction: Direction, rule_type: RuleType) -> None:
        """No rule of this type is in force on a device."""
        self._links[device] = rule_type.drop_from(self._link(device), direction)

    def move(self, device: str, to: str) -> None:
        """A port has another device: the link is that one's now, and the first is to be clean."""
        self._links[to] = self._link(device)
        self._links[device] = Link.CLEAN

    def take(self, also: Collection[str] = ()) -> Dict[str, Link]:
        """Hand over the links of the edited devices, whole now, and those of ``also``."""
        taken = {device: self._link(device) for device in {*self._links, *also}}
        self._links = {}
        return taken

    def _link(self, device: str) -> Link:
        return self._links.get(device) or self._desired(device)
