# SPDX-License-Identifier: Apache-2.0
"""The rules of a policy on OVN: the link that they give to a port, and what OVN itself imposes."""

from __future__ import annotations

import copy
import functools
from typing import Any, Dict, Mapping, Optional

from networking_netem.domain.link import DIRECTIONS, Link
from networking_netem.domain.link_text import written
from networking_netem.domain.rule_types import BANDWIDTH_LIMIT, RULE_TYPES
from networking_netem.rules import objects
from networking_netem.server.ovn.placed import Placed

Stock = Dict[str, Dict[str, Any]]
"""Rules of Neutron's own types by direction and by type, as its OVN driver has them (17 to 29)."""


class Rules(Dict[str, Dict[str, Any]]):
    """What OVN imposes of a policy by itself, and ``link``, which is ours to impose."""

    link = Link.CLEAN
    policy_id = ""
    ports: Optional[Mapping[str, Placed]] = None
    """The ports of the policy, where they were asked for together."""

    def __init__(self, stock: Stock) -> None:
        super().__init__(stock)
        self.is_served: Dict[str, bool] = {}
        """What is known of hosts so far."""

    @functools.cached_property
    def text(self) -> str:
        """The text of the link. It may be long, and a policy may have many ports."""
        return written(self.link)

    def for_ovn(self, is_served: bool) -> Stock:
        """What OVN imposes: no limit in a direction of the link, where an agent serves that.

        A meter behind a delay counts packets that come in bursts, and drops them (measured: 0.99
        of 10 Mbit/s with a jitter of 20 ms).
        """
        left = copy.deepcopy(dict(self))
        for direction in DIRECTIONS if is_served else ():
            if self.link.acts(direction):
                left[direction.value].pop(BANDWIDTH_LIMIT.name, None)
        return left


def with_link(context: Any, policy_id: Any, stock: Stock) -> Rules:
    """The rules of a policy, read from the database where they are ours.

    The link has the directions with delay, loss and the like, with selectors or a timeline, and
    their bandwidth limits. The others stay OVN's.
    """
    rules = Rules(stock)
    if policy_id:
        for rule_type in RULE_TYPES:
            cls = objects.BY_TYPE[rule_type.name]
            for rule in cls.get_objects(context, qos_policy_id=policy_id):
                for direction in rule_type.directions(rule.direction):
                    rules.link = rule_type.put_on(rules.link, direction, rule.to_dict())
    for direction in DIRECTIONS:
        limit = stock[direction.value].get(BANDWIDTH_LIMIT.name)
        # A meter of OVN's would limit what selectors let pass too.
        is_ours = rules.link.acts(direction) or rules.link.selectors(direction)
        if limit and is_ours:
            rules.link = BANDWIDTH_LIMIT.put_on(rules.link, direction, limit)
    return rules
