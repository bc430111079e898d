# SPDX-License-Identifier: Apache-2.0
"""Which node of a lab has which instance, and what each node is told."""

from __future__ import annotations

import pytest

from netem_lab.guest.place import PLACES
from netem_lab.node.part import Part
from netem_lab.session import state
from netem_lab.session.state import Lab


@pytest.mark.parametrize(
    ("chassis", "homes"),
    [(1, {"vm1": "node", "vm2": "node"}), (2, {"vm1": "node", "vm2": "node2"})],
)
def test_the_second_instance_is_in_the_last_node(chassis: int, homes: dict[str, str]) -> None:
    lab = Lab(1, 9696, 1024, "ovn", 0.0, chassis)
    assert lab.homes == homes
    assert set(homes.values()) == set(lab.nodes)


def test_each_node_has_a_place_of_its_own() -> None:
    assert len(PLACES) == len(state.NODES)
    own = [each for place in PLACES for each in vars(place).values()]
    assert len(own) == len(set(own))


def test_a_part_is_carried_whole() -> None:
    central = Part("ovn", {"vm1": "a", "vm2": "b"}, "192.0.2.129", "192.0.2.129", "/x")
    other = Part("ovn", central.hosts, "192.0.2.130", central.address)
    for part in (central, other):
        assert Part.decode(part.encode()) == part
    assert (central.is_central, other.is_central) == (True, False)
    assert Part("ovn", {}).is_central
