# SPDX-License-Identifier: Apache-2.0
"""Devices of a chassis get the links of the ports that they carry, in any order of events."""

from __future__ import annotations

from typing import List, Tuple

import pytest

from networking_netem.agent_ovn.ports import GRACE_S, Ports
from networking_netem.domain.impairment import Impairment
from networking_netem.domain.link import Link
from networking_netem.domain.link_text import written

SLOW = Link(egress=Impairment(delay_us=1000))
LOSSY = Link(ingress=Impairment(loss_ppm=1000))
DEVICE, PORT = "tap0", "f3d0a1c2-0000-4000-8000-000000000001"


class Chassis:
    """Ports with a clock that is set by hand, and what they said."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.said: List[Tuple[str, Link]] = []
        self.ports = Ports(lambda *said: self.said.append(said), lambda: self.now_s)

    def take(self) -> List[Tuple[str, Link]]:
        said, self.said = self.said, []
        return said


@pytest.fixture
def chassis() -> Chassis:
    return Chassis()


@pytest.mark.parametrize("is_told_first", [True, False])
def test_a_device_gets_the_link_of_its_port(chassis: Chassis, is_told_first: bool) -> None:
    steps = [
        lambda: chassis.ports.told(PORT, written(SLOW)),
        lambda: chassis.ports.plug(DEVICE, PORT),
    ]
    for step in steps if is_told_first else reversed(steps):
        step()
    assert chassis.take() == [(DEVICE, SLOW)]
    chassis.ports.told(PORT, written(LOSSY))
    chassis.ports.told(PORT, "")
    assert chassis.take() == [(DEVICE, LOSSY), (DEVICE, Link.CLEAN)]


def test_the_same_again_says_nothing(chassis: Chassis) -> None:
    for _ in range(2):
        chassis.ports.plug(DEVICE, PORT)
        chassis.ports.told(PORT, written(SLOW))
    assert chassis.take() == [(DEVICE, SLOW)]


def test_a_port_that_is_not_yet_told_of_leaves_its_device_alone(chassis: Chassis) -> None:
    chassis.ports.plug(DEVICE, PORT)
    assert chassis.ports.unknown_ids == chassis.ports.ids == {PORT}
    chassis.now_s = 10 * GRACE_S
    assert chassis.ports.clean_missing() is None
    assert chassis.take() == []


def test_an_unplugged_device_is_clean(chassis: Chassis) -> None:
    chassis.ports.plug(DEVICE, PORT)
    chassis.ports.told(PORT, written(SLOW))
    chassis.take()
    chassis.ports.plug(DEVICE, "")
    assert chassis.take() == [(DEVICE, Link.CLEAN)]
    assert not chassis.ports.ids


def test_a_device_that_is_back_at_once_has_its_link(chassis: Chassis) -> None:
    """Nobody tells of the port again: the database was never asked for anything else."""
    chassis.ports.plug(DEVICE, PORT)
    chassis.ports.told(PORT, written(SLOW))
    for port_id in ("", PORT):
        chassis.ports.plug(DEVICE, port_id)
    assert chassis.take()[-1] == (DEVICE, SLOW)
    assert not chassis.ports.unknown_ids


def test_a_device_with_another_port_has_nothing_of_the_first(chassis: Chassis) -> None:
    chassis.ports.plug(DEVICE, PORT)
    chassis.ports.told(PORT, written(SLOW))
    chassis.ports.plug(DEVICE, "another")
    assert chassis.take() == [(DEVICE, SLOW), (DEVICE, Link.CLEAN)]


def test_a_missing_port_is_clean_after_a_while(chassis: Chassis) -> None:
    chassis.ports.plug(DEVICE, PORT)
    chassis.ports.told(PORT, written(SLOW))
    chassis.ports.missing(PORT)
    chassis.take()
    assert chassis.ports.clean_missing() == GRACE_S
    assert chassis.take() == []
    chassis.now_s = GRACE_S
    assert chassis.ports.clean_missing() is None
    assert chassis.take() == [(DEVICE, Link.CLEAN)]
    chassis.ports.told(PORT, written(SLOW))
    assert chassis.take() == [(DEVICE, SLOW)]


def test_a_port_that_comes_back_in_time_is_never_clean(chassis: Chassis) -> None:
    chassis.ports.plug(DEVICE, PORT)
    chassis.ports.told(PORT, written(SLOW))
    chassis.ports.missing(PORT)
    chassis.ports.told(PORT, written(SLOW))
    chassis.now_s = GRACE_S
    chassis.ports.clean_missing()
    assert chassis.take() == [(DEVICE, SLOW)]


def test_what_the_database_no_longer_tells_of_is_forgotten(chassis: Chassis) -> None:
    chassis.ports.plug(DEVICE, PORT)
    chassis.ports.told(PORT, written(SLOW))
    chassis.ports.plug(DEVICE, "")
    chassis.ports.missing(PORT)
    chassis.take()
    chassis.ports.plug(DEVICE, PORT)
    assert chassis.take() == []
    assert chassis.ports.unknown_ids == {PORT}


@pytest.mark.parametrize("text", ["x", '{"v":3,"egress":{"delay_us":1}}', "9" * 1_000_000])
def test_a_text_that_cannot_be_read_changes_nothing(
    chassis: Chassis, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    chassis.ports.plug(DEVICE, PORT)
    chassis.ports.told(PORT, written(SLOW))
    chassis.take()
    chassis.ports.told(PORT, text)
    assert chassis.take() == []
    (record,) = caplog.records
    assert PORT in record.getMessage()
    assert len(record.getMessage()) < 300


def test_two_devices_of_one_port_have_one_link(chassis: Chassis) -> None:
    for device in ("tap0", "tap1"):
        chassis.ports.plug(device, PORT)
    chassis.ports.told(PORT, written(SLOW))
    assert sorted(chassis.take(), key=str) == [("tap0", SLOW), ("tap1", SLOW)]
    chassis.ports.plug("tap0", "")
    assert chassis.take() == [("tap0", Link.CLEAN)]
    assert chassis.ports.ids == {PORT}
