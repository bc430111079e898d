# SPDX-License-Identifier: Apache-2.0
"""A port that is migrated live has its link at the destination before a packet can pass there."""

from __future__ import annotations

from typing import Any, Dict, Iterator

import pytest

from netem_lab.session import remote
from netem_lab.session.state import NODES, Lab
from tests.integration.ovn.two_chassis.mover import EGRESS_MS, INGRESS_MS, Mover
from tests.support.waiting import wait_until

SOURCE, DESTINATION = NODES
LEAST = 100
"""How many packets must cross the link before something else is done."""


@pytest.fixture
def mover(lab: Lab) -> Iterator[Mover]:
    mover = Mover(lab)
    yield mover
    mover.delete()


@pytest.mark.parametrize("strategy", ["rarp", pytest.param("none", marks=pytest.mark.figures)])
def test_the_link_is_there_before_the_first_packet(mover: Mover, strategy: str) -> None:
    """OVN lets packets pass at the destination after a RARP; without that strategy, at once."""
    mover.boot(SOURCE)
    wait_until(lambda: mover.is_active() and len(mover.packets(SOURCE)) == 2)
    mover.announce_migration()
    if strategy == "none":
        argv = ["remove", "Logical_Switch_Port", mover.id, "options", "activation-strategy"]
        assert remote.run(SOURCE, ["ovn-nbctl", *argv]).returncode == 0
    crossing = mover.start_crossing()
    mover.boot(DESTINATION)
    wait_until(lambda: mover.binding("additional_chassis") == mover.chassis(DESTINATION))
    assert mover.binding("chassis") == mover.chassis(SOURCE)
    _wait_for_packets(mover)
    assert len(mover.packets(SOURCE)) == 2

    mover.bind_to_destination()
    # Its status in Neutron may stay DOWN: the driver hears of a new chassis, but not where OVN
    # has taken that out of the additional ones in the same transaction (29).
    wait_until(lambda: mover.binding("chassis") == mover.chassis(DESTINATION))
    assert mover.binding("additional_chassis") == ""
    _wait_for_packets(mover)
    # The source has the link as long as it has the device.
    assert len(mover.packets(SOURCE)) == 2
    mover.unplug(SOURCE)
    wait_until(lambda: mover.packets(SOURCE) == [])
    links = remote.run(SOURCE, ["ip", "-br", "link"]).stdout
    assert not [ifb for ifb in mover.ifbs.values() if ifb in links]
    _wait_for_packets(mover)

    found = mover.end_crossing(crossing)
    for direction, delay_ms in (("egress", EGRESS_MS), ("ingress", INGRESS_MS)):
        crossed = _crossed(found[direction], delay_ms)
        print(f"{strategy}, {direction}: {crossed}")
        assert crossed["arrived"] > 3 * LEAST
        assert crossed["unimpaired"] == 0


def _wait_for_packets(mover: Mover) -> None:
    before = mover.packets(DESTINATION)
    wait_until(
        lambda: all(
            now >= then + LEAST for now, then in zip(mover.packets(DESTINATION), before or (0, 0))
        ),
        within_s=60,
    )


def _crossed(found: Dict[str, Any], delay_ms: int) -> Dict[str, float]:
    """Figures of one direction; packets are stamped and received by the destination's clock."""
    numbers = sorted({number for number, *_ in found["arrivals"]})
    delays_ms = [(received - sent) / 1e6 for _, sent, received, *_ in found["arrivals"]]
    return {
        "arrived": len(numbers),
        "first": numbers[0],
        "lost since the first": numbers[-1] - numbers[0] + 1 - len(numbers),
        "sent": found["sent"],
        "doubled": len(found["arrivals"]) - len(numbers),
        "unimpaired": sum(each < delay_ms for each in delays_ms),
        "least delay": min(delays_ms),
    }
