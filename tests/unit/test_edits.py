# SPDX-License-Identifier: Apache-2.0
"""A link that is being edited is not handed on before its event is over."""

from __future__ import annotations

from typing import Dict

import pytest

from networking_netem.domain.impairment import Impairment
from networking_netem.domain.link import Direction, Link
from networking_netem.domain.rule_types import DELAY, LOSS
from networking_netem.reconcile.edits import Edits

ONE, TWO = "tap00000000-01", "tap00000000-02"
SLOW = Link(egress=Impairment(delay_us=100_000))


@pytest.fixture
def desired() -> Dict[str, Link]:
    return {ONE: SLOW}


@pytest.fixture
def edits(desired: Dict[str, Link]) -> Edits:
    return Edits(lambda device: desired.get(device, Link.CLEAN))


def test_what_is_deleted_and_created_again_was_never_gone(
    edits: Edits, desired: Dict[str, Link]
) -> None:
    edits.drop(ONE, Direction.EGRESS, DELAY)
    assert desired == {ONE: SLOW}
    edits.put(ONE, Direction.EGRESS, DELAY, {"delay_ms": 100})
    assert edits.take() == {ONE: SLOW}


def test_each_direction_is_edited_by_itself(edits: Edits) -> None:
    edits.put(ONE, Direction.INGRESS, LOSS, {"loss_pct": 1})
    (link,) = edits.take().values()
    assert link == Link(egress=SLOW.egress, ingress=Impairment(loss_ppm=10_000))


def test_a_port_takes_its_link_along_to_another_device(edits: Edits) -> None:
    edits.put(ONE, Direction.INGRESS, LOSS, {"loss_pct": 1})
    edits.move(ONE, to=TWO)
    whole = Link(egress=SLOW.egress, ingress=Impairment(loss_ppm=10_000))
    assert edits.take() == {ONE: Link.CLEAN, TWO: whole}


def test_edits_are_taken_once(edits: Edits) -> None:
    edits.put(TWO, Direction.EGRESS, LOSS, {"loss_pct": 1})
    assert list(edits.take()) == [TWO]
    assert edits.take() == {}


def test_a_device_that_was_not_edited_is_taken_as_it_is_desired(edits: Edits) -> None:
    assert edits.take([ONE, TWO]) == {ONE: SLOW, TWO: Link.CLEAN}


def test_an_edit_begins_from_what_is_desired_by_then(
    edits: Edits, desired: Dict[str, Link]
) -> None:
    edits.take([ONE])
    desired[ONE] = Link.CLEAN
    edits.put(ONE, Direction.EGRESS, LOSS, {"loss_pct": 1})
    assert edits.take() == {ONE: Link(egress=Impairment(loss_ppm=10_000))}
