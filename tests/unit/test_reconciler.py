# SPDX-License-Identifier: Apache-2.0
"""The reconciler's decisions: what it tells, what it leaves, when it looks again."""

from __future__ import annotations

import errno
import logging
import threading
from dataclasses import replace
from typing import Collection, Dict, List, Sequence

import pytest

from networking_netem.domain.diff import diff
from networking_netem.domain.ifb import ifb_name, ifb_names
from networking_netem.domain.impairment import Impairment
from networking_netem.domain.link import Direction, Link
from networking_netem.domain.observed import Foreign, Observed, ObservedTree
from networking_netem.domain.plan import Conditions, plan
from networking_netem.domain.step import AddIfb, AddQdisc, ChangeQdisc, Step
from networking_netem.domain.tree import tree
from networking_netem.kernel.apply import Failure
from networking_netem.reconcile.budget import Budget
from networking_netem.reconcile.port import ABSENT_S
from networking_netem.reconcile.reconciler import Reconciler
from networking_netem.reconcile.status import SETTLED, Failed, Waiting
from tests.support.kernel_in_memory import with_tree
from tests.support.scene import LOSSY, ONE, SLOW, TWO, Scene


@pytest.fixture
def scene() -> Scene:
    return Scene()


def grown(impairment: Impairment) -> ObservedTree:
    """The tree of an impairment, as it is observed."""
    whole = tree(impairment)
    return ObservedTree(whole.tbf, whole.netem, whole.fifo)


def test_a_link_is_reached_and_told_once(scene: Scene) -> None:
    scene.link(ONE, SLOW)
    assert scene.holds(ONE, SLOW)
    told = len(scene.kernel.told)
    scene.link(ONE, SLOW)
    scene.reconciler.audit()
    assert len(scene.kernel.told) == told
    assert scene.reconciler.reconcile_due() is None


def test_open_vswitch_keeps_its_roots_but_gives_up_its_limits(scene: Scene) -> None:
    scene.link(ONE, SLOW)
    assert (scene.claims.claimed, scene.claims.roots) == ({ONE}, [])
    scene.link(ONE, Link.CLEAN)
    assert scene.holds(ONE, Link.CLEAN)


def test_a_hook_of_open_vswitch_is_shared_and_never_removed(scene: Scene) -> None:
    scene.kernel.devices[ONE] = replace(scene.kernel.devices[ONE], hook="ingress")
    scene.link(ONE, SLOW)
    assert scene.kernel.devices[ONE].egress.is_carrying
    assert scene.kernel.devices[ONE].root.tbf
    assert scene.claims.roots == [ONE]
    scene.link(ONE, Link.CLEAN)
    assert scene.kernel.devices[ONE].hook == "ingress"
    assert scene.claims.roots == []


def test_policing_of_open_vswitch_goes_with_its_qdisc_before_ours_comes(scene: Scene) -> None:
    scene.kernel.devices[ONE] = replace(scene.kernel.devices[ONE], hook="ingress")
    scene.claims.limited = {ONE}
    scene.link(ONE, SLOW)
    assert scene.kernel.told == []
    assert isinstance(scene.status(ONE), Waiting)
    scene.kernel.devices[ONE] = replace(scene.kernel.devices[ONE], hook="")
    scene.now_s += 1
    scene.reconciler.reconcile_due()
    assert scene.kernel.devices[ONE].hook == "clsact"
    assert scene.kernel.devices[ONE].ingress.is_carrying


def test_a_hook_that_open_vswitch_uses_too_stays(scene: Scene) -> None:
    scene.link(ONE, SLOW)
    scene.claims.offloads = True
    scene.link(ONE, SLOW)
    egress = scene.kernel.devices[ONE].egress
    assert egress.is_first, "flows that are offloaded would go past it"
    assert egress.passes is None
    assert not scene.kernel.devices[ONE].ingress.is_first
    scene.link(ONE, Link.CLEAN)
    assert scene.kernel.devices[ONE].hook == "clsact"
    assert not scene.kernel.devices[ONE].is_ours


def test_a_tree_at_the_root_gives_way_to_one_on_an_ifb(scene: Scene) -> None:
    before = replace(scene.kernel.devices[ONE], root=grown(SLOW.ingress))
    scene.kernel.devices[ONE] = before
    scene.claims.roots = [ONE]
    scene.link(ONE, SLOW)
    assert scene.holds(ONE, SLOW)
    assert scene.kernel.devices[ONE].root == ObservedTree()
    order = [(type(step).__name__, step.device == ONE) for step in scene.kernel.told]
    assert order.index(("DeleteTree", True)) > max(
        number for number, (kind, _) in enumerate(order) if kind == "AddRedirect"
    )
    scene.reconciler.audit()
    assert scene.claims.roots == []


@pytest.mark.parametrize("refused", Direction, ids=str)
def test_a_direction_that_is_refused_keeps_its_limit_and_the_other_its_link(
    scene: Scene, refused: Direction
) -> None:
    limited = Link(egress=Impairment(5_000, rate_kbps=1_000), ingress=Impairment(0, 0, 1, 2_000))
    scene.kernel.refusals = {ifb_name(ONE, refused): errno.EEXIST}
    scene.link(ONE, limited)
    observed = scene.kernel.devices[ONE]
    police = observed[refused].police
    assert police
    assert police.rate_bytes_per_s == limited[refused].rate_kbps * 125
    (other,) = set(Direction) - {refused}
    assert observed[other].is_carrying
    assert observed[other].tree.netem
    assert isinstance(scene.status(ONE), Failed)
    scene.kernel.told.clear()
    scene.now_s += 1
    scene.reconciler.reconcile_due()
    assert scene.kernel.devices[ONE] == observed
    assert {step.device for step in scene.kernel.told} == {ifb_name(ONE, refused)}
    scene.kernel.refusals = {}
    scene.now_s += 1
    scene.reconciler.reconcile_due()
    assert scene.holds(ONE, limited)


def test_one_ports_failure_does_not_stop_another(scene: Scene) -> None:
    scene.kernel.refusals = dict.fromkeys((ONE, *ifb_names(ONE)), errno.EBUSY)
    for device in (ONE, TWO):
        scene.reconciler.want(device, SLOW)
    scene.reconciler.reconcile([ONE, TWO])
    assert scene.holds(TWO, SLOW)
    assert not scene.holds(ONE, SLOW)


def test_a_failed_port_is_clean_and_tried_again_later_each_time(scene: Scene) -> None:
    scene.kernel.refusals = dict.fromkeys((ONE, *ifb_names(ONE)), errno.EBUSY)
    scene.link(ONE, SLOW)
    assert not scene.kernel.devices[ONE].is_ours
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
    scene.kernel.devices[ONE] = with_tree(observed, Direction.EGRESS, backlog_packets=3)
    scene.kernel.told.clear()
    scene.link(ONE, Link.CLEAN)
    assert ChangeQdisc in map(type, scene.kernel.told)
    draining = scene.kernel.devices[ONE]
    assert scene.status(ONE) == Waiting(100.05, "3 packets are on their way")
    wait_s = scene.reconciler.reconcile_due()
    assert wait_s == pytest.approx(0.05)
    scene.kernel.devices[ONE] = with_tree(draining, Direction.EGRESS, backlog_packets=0)
    scene.now_s += wait_s
    assert scene.reconciler.reconcile_due() is None
    assert not scene.kernel.devices[ONE].is_ours


def test_a_port_that_is_plugged_again_gets_its_link_again(scene: Scene) -> None:
    scene.link(ONE, SLOW)
    del scene.kernel.devices[ONE]
    scene.reconciler.touch({ONE})
    scene.now_s += 1
    assert scene.reconciler.reconcile_due() == ABSENT_S
    scene.kernel.plug(ONE)
    scene.reconciler.touch({ONE})
    scene.now_s += 1
    scene.reconciler.reconcile_due()
    assert scene.holds(ONE, SLOW)


def test_a_port_without_a_device_is_said_once_after_a_minute(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.link("tap00000000-09", SLOW)
    observed = scene.kernel.observe
    looks: List[Collection[str]] = []
    scene.kernel.observe = lambda devices: looks.append(devices) or observed(devices)  # type: ignore
    for _ in range(5):
        scene.now_s += min(scene.reconciler.reconcile_due() or 0.0, 3600.0)
        scene.reconciler.audit()
    said = "no network device of this name is on this host after 60 s"
    assert sum(said in text for text in caplog.messages) == 1
    assert isinstance(scene.status("tap00000000-09"), Failed)
    assert len(looks) <= 7, "nobody looks for a device that the kernel will announce"
    scene.kernel.plug("tap00000000-09")
    scene.reconciler.touch({"tap00000000-09"})
    scene.now_s += 1
    scene.reconciler.reconcile_due()
    assert scene.holds("tap00000000-09", SLOW)
    assert scene.status("tap00000000-09") == SETTLED


def test_a_clean_port_without_traces_costs_no_look(scene: Scene) -> None:
    def observe(devices: Collection[str]) -> Dict[str, Observed]:
        raise AssertionError(f"nobody need look at {devices}")

    scene.kernel.observe = observe  # type: ignore[method-assign]
    scene.reconciler.want(ONE, Link.CLEAN)
    assert scene.reconciler.reconcile_due() is None
    assert scene.reconciler.statuses() == {}


def test_what_an_earlier_agent_left_goes_when_its_port_is_handled(scene: Scene) -> None:
    for device in (ONE, TWO):
        scene.link(device, SLOW)
    again = Reconciler(scene.kernel, scene.claims, Budget(1 << 40), clock=lambda: scene.now_s)
    again.audit()
    again.want(ONE, Link.CLEAN)
    assert again.reconcile_due() is None
    assert not scene.kernel.devices[ONE].is_ours
    assert scene.holds(TWO, SLOW), "nobody has handled this port yet"


def test_who_hands_a_link_over_waits_for_nobody(scene: Scene) -> None:
    handed_over = threading.Event()

    def hand_over() -> None:
        scene.reconciler.want(TWO, LOSSY)
        assert scene.reconciler.link(TWO) == LOSSY
        handed_over.set()

    carry_out = scene.kernel.apply

    def busy(steps: Sequence[Step]) -> List[Failure]:
        thread = threading.Thread(target=hand_over)
        thread.start()
        assert handed_over.wait(10), "it waits for the kernel"
        thread.join()
        return carry_out(steps)

    scene.kernel.apply = busy  # type: ignore[method-assign]
    scene.link(ONE, SLOW)
    scene.reconciler.reconcile_due()
    assert scene.holds(TWO, LOSSY)


def test_an_event_on_the_ifb_is_the_ports(scene: Scene) -> None:
    scene.link(ONE, SLOW)
    scene.reconciler.touch({ifb_name(ONE, Direction.INGRESS), "eth7"})
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


def test_a_foreign_root_where_ours_must_be_is_said_once_and_tried_again(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    scene.kernel.devices[ONE] = replace(
        scene.kernel.devices[ONE],
        hook="ingress",
        root=ObservedTree(foreign=Foreign("prio", 0x70000)),
    )
    scene.link(ONE, SLOW)
    for _ in range(5):
        scene.now_s += scene.reconciler.reconcile_due() or 0.0
    assert sum("root qdisc that is not ours: prio 7:" in text for text in caplog.messages) == 1
    scene.kernel.devices[ONE] = replace(scene.kernel.devices[ONE], root=ObservedTree())
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
    assert without != plan(SLOW)
    assert diff(without, scene.kernel.devices[ONE]).is_none
    scene.kernel.unknown = set()
    scene.reconciler.audit()
    assert scene.holds(ONE, SLOW)


def test_a_shortfall_is_said_with_both_figures(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.link(ONE, Link(egress=Impairment(delay_us=1_000, jitter_us=10_000)))
    assert any("5.774 ms; 0.999 ms is installed" in text for text in caplog.messages)
