# SPDX-License-Identifier: Apache-2.0
"""The reconciler's decisions: what it tells, what it leaves, when it looks again."""

from __future__ import annotations

import errno
import logging
from dataclasses import replace
from typing import List, Sequence

import pytest

from networking_netem.domain.diff import diff
from networking_netem.domain.ifb import ifb_name
from networking_netem.domain.impairment import Impairment
from networking_netem.domain.link import Link
from networking_netem.domain.observed import Foreign, ObservedTree
from networking_netem.domain.plan import Conditions, plan
from networking_netem.domain.step import AddIfb, AddQdisc, ChangeQdisc, Step
from networking_netem.kernel.apply import Failure
from networking_netem.reconcile.status import SETTLED, Failed, Waiting
from tests.support.scene import ONE, SLOW, TWO, Scene


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_link_is_reached_and_told_once(scene: Scene) -> None:
    scene.link(ONE, SLOW)
    assert scene.holds(ONE, SLOW)
    told = len(scene.kernel.told)
    scene.link(ONE, SLOW)
    scene.reconciler.audit()
    assert len(scene.kernel.told) == told
    assert scene.reconciler.reconcile_due() is None


def test_open_vswitch_is_kept_off_while_there_is_a_link(scene: Scene) -> None:
    scene.link(ONE, SLOW)
    assert scene.claims.held == [ONE]
    scene.link(ONE, Link.CLEAN)
    assert scene.claims.held == []
    assert scene.holds(ONE, Link.CLEAN)


def test_one_ports_failure_does_not_stop_another(scene: Scene) -> None:
    scene.kernel.refusals = {ONE: errno.EBUSY, ifb_name(ONE): errno.EBUSY}
    for device in (ONE, TWO):
        scene.reconciler.want(device, SLOW)
    scene.reconciler.reconcile([ONE, TWO])
    assert scene.holds(TWO, SLOW)
    assert not scene.holds(ONE, SLOW)


def test_a_failed_port_is_clean_and_tried_again_later_each_time(scene: Scene) -> None:
    scene.kernel.refusals = {ONE: errno.EBUSY}
    scene.link(ONE, SLOW)
    assert scene.kernel.devices[ONE].ifb is None
    waits = []
    for _ in range(12):
        wait_s = scene.reconciler.reconcile_due()
        assert wait_s is not None
        waits.append(wait_s)
        scene.now_s += wait_s
    assert waits[:3] == pytest.approx([0.05, 0.1, 0.2])
    assert waits[-1] == pytest.approx(30.0)
    failed = scene.status(ONE)
    assert isinstance(failed, Failed)
    assert "EBUSY" in str(failed)
    scene.kernel.refusals = {}
    scene.reconciler.reconcile_due()
    assert scene.holds(ONE, SLOW)
    assert scene.status(ONE) == SETTLED
    assert scene.reconciler.reconcile_due() is None


def test_what_drains_is_looked_at_again_and_then_removed(scene: Scene) -> None:
    scene.link(ONE, SLOW)
    observed = scene.kernel.devices[ONE]
    assert observed.ifb
    busy = replace(observed.ifb, tree=replace(observed.ifb.tree, backlog_packets=3))
    scene.kernel.devices[ONE] = replace(observed, ifb=busy)
    scene.kernel.told.clear()
    scene.link(ONE, Link.CLEAN)
    assert ChangeQdisc in map(type, scene.kernel.told)
    draining = scene.kernel.devices[ONE]
    assert draining.ifb
    assert scene.status(ONE) == Waiting(100.05, "3 packets are on their way")
    wait_s = scene.reconciler.reconcile_due()
    assert wait_s == pytest.approx(0.05)
    done = replace(draining.ifb, tree=replace(draining.ifb.tree, backlog_packets=0))
    scene.kernel.devices[ONE] = replace(draining, ifb=done)
    scene.now_s += wait_s
    assert scene.reconciler.reconcile_due() is None
    assert scene.kernel.devices[ONE].ifb is None


def test_a_port_that_is_plugged_again_gets_its_link_again(scene: Scene) -> None:
    scene.link(ONE, SLOW)
    del scene.kernel.devices[ONE]
    scene.reconciler.touch([ONE])
    scene.now_s += 1
    assert scene.reconciler.reconcile_due() is None
    scene.kernel.plug(ONE)
    scene.reconciler.touch([ONE])
    scene.now_s += 1
    scene.reconciler.reconcile_due()
    assert scene.holds(ONE, SLOW)


def test_an_event_on_the_ifb_is_the_ports(scene: Scene) -> None:
    scene.link(ONE, SLOW)
    scene.reconciler.touch([ifb_name(ONE), "eth7"])
    assert scene.reconciler.reconcile_due() == pytest.approx(0.005)


def test_an_overflow_touches_all(scene: Scene) -> None:
    for device in (ONE, TWO):
        scene.link(device, SLOW)
        scene.kernel.plug(device)
    scene.reconciler.touch(None)
    scene.now_s += 1
    scene.reconciler.reconcile_due()
    assert scene.holds(ONE, SLOW)
    assert scene.holds(TWO, SLOW)


def test_a_foreign_root_is_said_once_and_tried_again(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    scene.kernel.devices[ONE] = replace(
        scene.kernel.devices[ONE], tree=ObservedTree(foreign=Foreign("prio", 0x70000))
    )
    scene.link(ONE, SLOW)
    for _ in range(5):
        scene.now_s += scene.reconciler.reconcile_due() or 0.0
    assert sum("root qdisc that is not ours: prio 7:" in text for text in caplog.messages) == 1
    scene.kernel.devices[ONE] = replace(scene.kernel.devices[ONE], tree=ObservedTree())
    scene.now_s += 60
    scene.reconciler.reconcile_due()
    assert scene.holds(ONE, SLOW)
    assert any("holds its link now" in text for text in caplog.messages)


def test_a_port_that_keeps_changing_is_failed_and_says_so(scene: Scene) -> None:
    carry_out = scene.kernel.apply

    def undone(steps: Sequence[Step]) -> List[Failure]:
        carry_out(steps)
        scene.kernel.plug(ONE)
        return []

    scene.kernel.apply = undone  # type: ignore[method-assign]
    scene.link(ONE, SLOW)
    assert str(scene.status(ONE)) == "failed: others changed its qdiscs 4 times meanwhile"


@pytest.mark.parametrize(
    ("unknown", "module"), [(AddIfb, "ifb"), (AddQdisc, "sch_tbf")], ids=["ifb", "sch_tbf"]
)
def test_a_missing_module_is_named_once_and_the_rest_works(
    scene: Scene, unknown: type, module: str, caplog: pytest.LogCaptureFixture
) -> None:
    scene.kernel.unknown = {unknown}
    for device in (ONE, TWO):
        scene.link(device, SLOW)
    scene.reconciler.audit()
    assert sum(f"Kernel module {module} is missing" in text for text in caplog.messages) == 1
    without = plan(SLOW, Conditions(missing_modules=frozenset({module})))
    assert diff(without, scene.kernel.devices[ONE]).is_none
    scene.kernel.unknown = set()
    scene.reconciler.audit()
    assert scene.holds(ONE, SLOW)


def test_a_shortfall_is_said_with_both_figures(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.link(ONE, Link(egress=Impairment(delay_us=1_000, jitter_us=10_000)))
    assert any("5.774 ms; 0.999 ms is installed" in text for text in caplog.messages)
