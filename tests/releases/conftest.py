# SPDX-License-Identifier: Apache-2.0
"""Policies for the first instance's port."""

from __future__ import annotations

from typing import Iterator

import pytest

from netem_lab.scenario import qdiscs
from netem_lab.scenario.port_policy import PortPolicy
from netem_lab.scenario.scenario import PAIR, UNSTABLE
from networking_netem.domain.link import Direction
from networking_netem.domain.rule_types import BANDWIDTH_LIMIT, DELAY, LOSS
from tests.releases.cloud import Cloud


@pytest.fixture
def policy(lossless: PortPolicy) -> PortPolicy:
    """A policy with the rules of the unstable link, not yet on the first instance's port."""
    lossless.prepare(LOSS, Direction.EGRESS, UNSTABLE.egress)
    return lossless


@pytest.fixture
def lossless(plugged: Cloud) -> Iterator[PortPolicy]:
    """The same without loss."""
    neutron, output = plugged.neutron, plugged.compute.node.output
    with PortPolicy(neutron, neutron.port(PAIR.first), "unstable", output) as made:
        for direction in Direction:
            made.prepare(BANDWIDTH_LIMIT, direction, UNSTABLE[direction])
            made.prepare(DELAY, direction, UNSTABLE[direction])
        yield made
    plugged.compute.until(lambda: not qdiscs.left(output), "a clean link")
