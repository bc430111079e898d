# SPDX-License-Identifier: Apache-2.0
"""A QoS policy on one port; its changes can wait until the kernel holds them."""

from __future__ import annotations

import time
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from netem_lab.errors import LabError
from netem_lab.neutron_api import NeutronClient
from netem_lab.scenario import qdiscs
from networking_netem.domain.ifb import ifb_name
from networking_netem.domain.impairment import Impairment
from networking_netem.domain.link import Direction
from networking_netem.domain.rule_types import RuleType

_ENFORCED_WITHIN_S = 15.0
_POLL_EVERY_S = 0.1


class PortPolicy:
    """A new policy for `port`, without rules and not yet on the port.

    `output` runs a command in the node. A change that is not in the kernel after 15 s raises
    `LabError`.
    """

    def __init__(
        self, neutron: NeutronClient, port: Mapping[str, Any], name: str, output: qdiscs.Output
    ) -> None:
        self._neutron = neutron
        self._port_path = f"ports/{port['id']}"
        self._output = output
        self.tap = "tap" + port["id"][:11]
        self.ifbs = {direction: ifb_name(self.tap, direction) for direction in Direction}
        made = neutron.post("qos/policies", {"policy": {"name": name}})
        self._path = f"qos/policies/{made['id']}"
        self._rules: Dict[Tuple[RuleType, Direction], str] = {}

    def prepare(self, rule_type: RuleType, direction: Direction, asked: Impairment) -> None:
        """Create a rule with its part of the impairment, and do not wait."""
        body = {**_values(rule_type, asked), "direction": direction.value}
        rules = f"{self._path}/{rule_type.collection}"
        made = self._neutron.post(rules, {rule_type.member: body})
        self._rules[rule_type, direction] = f"{rules}/{made['id']}"

    def put_on(self, holds: Optional[Callable[[], bool]] = None) -> None:
        """Put the policy on the port, and wait until it is held, or until `holds`."""
        self.attach()
        self._until(holds or self.is_held, "the port's policy")

    def attach(self) -> None:
        """Put the policy on the port, and do not wait."""
        self._neutron.put(self._port_path, {"port": {"qos_policy_id": self._path.split("/")[-1]}})

    def detach(self) -> None:
        """Take the policy off the port, and do not wait."""
        self._neutron.put(self._port_path, {"port": {"qos_policy_id": None}})

    def is_held(self) -> bool:
        """Whether both ifbs of the port hold a qdisc of ours."""
        return set(self.ifbs.values()) <= {q["dev"] for q in qdiscs.ours(self._shown())}

    def add(self, rule_type: RuleType, direction: Direction, asked: Impairment) -> None:
        """Create a rule as `prepare` does, and wait until the kernel's qdiscs have changed."""
        before = self._shown()
        self.prepare(rule_type, direction, asked)
        self._until(lambda: self._shown() != before, f"a new {rule_type.member}")

    def edit(self, rule_type: RuleType, direction: Direction, asked: Impairment) -> None:
        """Change the rule, and wait until the kernel's qdiscs have changed."""
        before = self._shown()
        body = {rule_type.member: _values(rule_type, asked)}
        self._neutron.put(self._rules[rule_type, direction], body)
        what = f"the edit of the {rule_type.member} for {direction.value}"
        self._until(lambda: self._shown() != before, what)

    def delete_rules(self) -> List[str]:
        """Delete all rules; return what of ours is still in the kernel after 15 s, if anything."""
        for path in self._rules.values():
            self._neutron.delete(path)
        self._rules.clear()
        deadline_s = time.monotonic() + _ENFORCED_WITHIN_S
        while True:
            left = qdiscs.left(self._output)
            if not left or time.monotonic() > deadline_s:
                return left
            time.sleep(_POLL_EVERY_S)

    def __enter__(self) -> PortPolicy:
        return self

    def __exit__(self, *_: object) -> None:
        """Take the policy off the port and delete it with its rules."""
        self.detach()
        self._neutron.delete(self._path)

    def _shown(self) -> Sequence[qdiscs.Shown]:
        return [q for q in qdiscs.shown(self._output) if q["dev"] in self.ifbs.values()]

    def _until(self, condition: Callable[[], bool], what: str) -> None:
        deadline_s = time.monotonic() + _ENFORCED_WITHIN_S
        while not condition():
            if time.monotonic() > deadline_s:
                raise LabError(f"{what} is not in the kernel after {_ENFORCED_WITHIN_S:g} s")
            time.sleep(_POLL_EVERY_S)


def asks_for(rule_type: RuleType, asked: Impairment) -> bool:
    """Whether the impairment needs a rule of this type."""
    return rule_type.drop(asked) != asked


def _values(rule_type: RuleType, asked: Impairment) -> Dict[str, Any]:
    """The attributes of a rule of this type for the impairment, in the API's units."""
    return {each.name: each.value(getattr(asked, each.field)) for each in rule_type.numbers}
