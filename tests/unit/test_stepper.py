# SPDX-License-Identifier: Apache-2.0
"""Steps of timelines in the engine: one message for each qdisc that changes, and nothing else."""

from __future__ import annotations

import errno

import pytest

from networking_netem.domain.impairment import Impairment
from networking_netem.domain.link import Direction, Link
from networking_netem.domain.qdisc import Netem
from networking_netem.domain.step import ChangeQdisc
from networking_netem.domain.timeline import HOLD, Timeline, TimelineStep
from networking_netem.reconcile.status import SETTLED
from tests.support.scene import LOSSY, ONE, SLOW, TWO, Scene

START_MS = 1_010_000
OUTAGE = Impairment(loss_ppm=1_000_000)
FLAP = (TimelineStep(0), TimelineStep(8000, (("loss_ppm", 1_000_000),)))
FLAPPING = Link(egress_timeline=Timeline(FLAP, 10_000, 3, start_at_ms=START_MS))


@pytest.fixture
def scene() -> Scene:
    return Scene()


def step_at(scene: Scene, now_ms: int) -> list:
    """The messages of a step at a moment."""
    scene.now_ms = now_ms
    told = len(scene.kernel.told)
    scene.reconciler.step()
    return scene.kernel.told[told:]


def egress(scene: Scene, device: str = ONE) -> Impairment:
    """What the engine has the kernel hold for what an instance sends."""
    tree = scene.kernel.devices[device].egress.tree
    assert tree.netem
    return OUTAGE if tree.netem.loss == 2**32 - 1 else Impairment()


def test_the_tree_is_there_before_the_first_step(scene: Scene) -> None:
    scene.link(ONE, FLAPPING)
    assert egress(scene) == Impairment()
    assert scene.status(ONE) is SETTLED
    # A step of half a second before is prepared, and sent when it is due.
    assert scene.reconciler.step_at_ms() == START_MS - 500
    assert step_at(scene, START_MS - 500) == []
    assert scene.reconciler.step_at_ms() == START_MS
    # Nothing changes at the first step.
    assert step_at(scene, START_MS) == []
    assert scene.reconciler.step_at_ms() == START_MS + 7500


def test_a_step_is_one_message_for_each_qdisc_that_changes(scene: Scene) -> None:
    scene.link(ONE, FLAPPING)
    step_at(scene, START_MS + 7900)
    (told,) = step_at(scene, START_MS + 8000)
    assert isinstance(told, ChangeQdisc)
    assert isinstance(told.qdisc, Netem)
    assert egress(scene) == OUTAGE
    assert scene.status(ONE) is SETTLED
    # A look finds what is planned.
    told_before = len(scene.kernel.told)
    scene.reconciler.audit()
    assert len(scene.kernel.told) == told_before
    (told,) = step_at(scene, START_MS + 10_000)
    assert egress(scene) == Impairment()


def test_steps_that_were_slept_over_are_left_out(scene: Scene) -> None:
    scene.link(ONE, FLAPPING)
    assert len(step_at(scene, START_MS + 18_500)) == 1
    assert egress(scene) == OUTAGE
    assert scene.reconciler.step_at_ms() == START_MS + 19_500


def test_the_tree_goes_after_the_end(scene: Scene) -> None:
    scene.link(ONE, FLAPPING)
    step_at(scene, START_MS + 28_000)
    assert egress(scene) == OUTAGE
    (told,) = step_at(scene, START_MS + 30_000)
    assert isinstance(told, ChangeQdisc)
    assert egress(scene) == Impairment()
    scene.reconciler.reconcile_due()
    assert not scene.kernel.devices[ONE].is_ours
    assert scene.reconciler.step_at_ms() is None
    # What is desired is known as long as the policy is.
    assert scene.reconciler.link(ONE) == FLAPPING


def test_the_last_step_holds(scene: Scene) -> None:
    held = Timeline(FLAP, 10_000, 1, HOLD, START_MS)
    scene.link(ONE, Link(egress_timeline=held))
    step_at(scene, START_MS + 10_000)
    scene.reconciler.reconcile_due()
    assert egress(scene) == OUTAGE
    assert scene.status(ONE) is SETTLED


def test_who_comes_late_enters_at_the_right_step(scene: Scene) -> None:
    scene.now_ms = START_MS + 18_500
    scene.link(ONE, FLAPPING)
    assert egress(scene) == OUTAGE


def test_a_clock_that_is_set_finds_the_right_step(scene: Scene) -> None:
    scene.link(ONE, FLAPPING)
    step_at(scene, START_MS + 8000)
    assert egress(scene) == OUTAGE
    scene.now_ms = START_MS + 1000
    scene.reconciler.step(was_clock_set=True)
    scene.reconciler.reconcile_due()
    assert egress(scene) == Impairment()
    assert scene.reconciler.step_at_ms() == START_MS + 7500


def test_ports_step_together_and_an_edit_of_one_costs_the_others_nothing(scene: Scene) -> None:
    scene.link(ONE, FLAPPING)
    scene.link(TWO, FLAPPING)
    step_at(scene, START_MS + 7900)
    scene.link(TWO, LOSSY)
    told = step_at(scene, START_MS + 8000)
    assert [each.device[-6:] for each in told] == [told[0].device[-6:]]
    assert egress(scene) == OUTAGE
    assert scene.holds(TWO, LOSSY)


def test_an_edit_of_another_rule_in_mid_run(scene: Scene) -> None:
    scene.link(ONE, FLAPPING)
    step_at(scene, START_MS + 8000)
    edited = FLAPPING.with_impairment(Direction.EGRESS, Impairment(delay_us=5000))
    scene.link(ONE, edited)
    netem = scene.kernel.devices[ONE].egress.tree.netem
    assert netem
    assert (netem.latency_ns, netem.loss) == (5_000_000, 2**32 - 1)


def test_a_policy_that_goes_in_mid_run(scene: Scene) -> None:
    scene.link(ONE, FLAPPING)
    step_at(scene, START_MS + 8000)
    scene.link(ONE, Link.CLEAN)
    assert not scene.kernel.devices[ONE].is_ours
    assert scene.reconciler.step_at_ms() is None


def test_a_refused_step_is_tried_again_by_a_look(scene: Scene) -> None:
    scene.link(ONE, FLAPPING)
    scene.link(TWO, FLAPPING)
    step_at(scene, START_MS + 7900)
    holder = next(name for name, tree in scene.kernel.trees().items() if tree.netem)
    scene.kernel.refusals[holder] = errno.ENOBUFS
    step_at(scene, START_MS + 8000)
    scene.kernel.refusals.clear()
    scene.reconciler.reconcile_due()
    assert egress(scene, ONE) == egress(scene, TWO) == OUTAGE


def test_a_device_that_is_missing_costs_no_look_for_each_step(scene: Scene) -> None:
    scene.link(ONE, FLAPPING)
    scene.kernel.unplug(ONE)
    scene.reconciler.reconcile([ONE])
    before = scene.status(ONE)
    step_at(scene, START_MS + 8000)
    assert scene.status(ONE) == before
    scene.kernel.plug(ONE)
    scene.reconciler.touch([ONE])
    scene.now_s += 1
    scene.reconciler.reconcile_due()
    assert egress(scene) == OUTAGE


def test_ports_with_and_without_timelines(scene: Scene) -> None:
    scene.link(ONE, FLAPPING)
    scene.link(TWO, SLOW)
    step_at(scene, START_MS + 8000)
    assert egress(scene) == OUTAGE
    assert scene.holds(TWO, SLOW)
