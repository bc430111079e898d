# SPDX-License-Identifier: Apache-2.0
"""The bound on queue memory: what ports get of it, and when they give it back."""

from __future__ import annotations

import errno
from dataclasses import replace
from typing import Dict

import pytest

from networking_netem.domain.ifb import ifb_name
from networking_netem.domain.impairment import Impairment
from networking_netem.domain.link import Direction, Link
from networking_netem.domain.step import ChangeQdisc
from networking_netem.domain.tree import LONGEST_WAY_S, in_flight_packets
from networking_netem.reconcile.budget import PACKET_BYTES, Budget
from networking_netem.reconcile.reconciler import Reconciler
from networking_netem.reconcile.status import SETTLED, Failed, Waiting
from tests.support.kernel_in_memory import with_tree
from tests.support.scene import ONE, TWO, Scene

BOUND = 160_000
SHARE = 10_000
THREE = "tap00000000-03"
LONG = Link(ingress=Impairment(delay_us=60_000_000))
MIDDLE = Link(ingress=Impairment(delay_us=40_000))
SHORT = Link(ingress=Impairment(delay_us=1_000))
NEED = in_flight_packets(SHORT.ingress)


@pytest.fixture
def scene() -> Scene:
    made = Scene(memory_bytes=BOUND * PACKET_BYTES)
    made.kernel.plug(THREE)
    return made


def limits(scene: Scene) -> Dict[str, int]:
    """The limits by ifb, those of ingress by the port's device."""
    devices = {ifb_name(device, Direction.INGRESS): device for device in scene.kernel.devices}
    found = scene.kernel.limits_packets()
    return {devices.get(holder, holder): packets for holder, packets in found.items()}


def ifb(device: str, direction: Direction = Direction.INGRESS) -> str:
    return ifb_name(device, direction)


def send(scene: Scene, packets: int) -> None:
    """Have as many packets on their way to ONE."""
    observed = scene.kernel.devices[ONE]
    scene.kernel.devices[ONE] = with_tree(observed, Direction.INGRESS, backlog_packets=packets)


def later(scene: Scene, seconds: float = 0.0) -> None:
    """Move the clock to the next look, or by these seconds, and look."""
    scene.now_s += seconds or scene.reconciler.reconcile_due() or 0.0
    scene.reconciler.reconcile_due()


def restart(scene: Scene) -> None:
    """Another agent, that knows nothing, on the same kernel."""
    scene.reconciler = Reconciler(
        scene.kernel, scene.claims, Budget(BOUND * PACKET_BYTES), clock=lambda: scene.now_s
    )


def test_a_port_gets_a_share_and_the_log_says_what_is_cut_off(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.link(ONE, LONG)
    assert limits(scene) == {ONE: SHARE}
    scene.link(TWO, MIDDLE)
    assert limits(scene)[TWO] == in_flight_packets(MIDDLE.ingress)
    for _ in range(3):
        scene.reconciler.audit()
    said = [text for text in caplog.messages if "leaves room for" in text]
    assert said == [
        f"{ONE}: 1000000 packets can be on their way (ingress); "
        "the bound on queue memory leaves room for 10000"
    ]
    assert scene.status(ONE) == SETTLED


def test_what_one_direction_does_not_need_the_other_gets(scene: Scene) -> None:
    scene.link(ONE, Link(egress=LONG.ingress, ingress=SHORT.ingress))
    assert limits(scene) == {ifb(ONE, Direction.EGRESS): SHARE - NEED, ONE: NEED}
    scene.link(TWO, Link(egress=LONG.ingress, ingress=LONG.ingress))
    assert limits(scene)[TWO] == limits(scene)[ifb(TWO, Direction.EGRESS)] == SHARE // 2


def test_an_edit_is_one_message_and_what_needs_less_gives_back_at_a_later_look(
    scene: Scene,
) -> None:
    scene.link(ONE, MIDDLE)
    scene.kernel.told.clear()
    scene.link(ONE, SHORT)
    assert [type(step) for step in scene.kernel.told] == [ChangeQdisc]
    assert limits(scene)[ONE] == in_flight_packets(MIDDLE.ingress)
    assert isinstance(scene.status(ONE), Waiting)
    later(scene)
    assert len(scene.kernel.told) == 2
    assert limits(scene)[ONE] == NEED
    assert scene.status(ONE) == SETTLED
    later(scene, 60.0)
    scene.reconciler.audit()
    assert len(scene.kernel.told) == 2


def test_no_limit_falls_while_packets_leave_that_came_before_the_edit(scene: Scene) -> None:
    scene.link(ONE, MIDDLE)
    send(scene, 1)
    scene.link(ONE, SHORT)
    began_s, told = scene.now_s, len(scene.kernel.told)
    while scene.now_s < began_s + LONGEST_WAY_S - 31:
        later(scene)
        assert limits(scene)[ONE] == in_flight_packets(MIDDLE.ingress)
    assert len(scene.kernel.told) == told
    send(scene, NEED)
    later(scene, LONGEST_WAY_S)
    assert limits(scene)[ONE] == in_flight_packets(MIDDLE.ingress)
    send(scene, NEED // 2)
    later(scene, 31.0)
    assert limits(scene)[ONE] == NEED


def test_a_grant_falls_when_the_kernels_limit_has_fallen_and_not_before(scene: Scene) -> None:
    devices = [f"tap0000000d-{number:02}" for number in range(15)]
    for device in devices:
        scene.kernel.plug(device)
        scene.link(device, LONG)
    assert sum(limits(scene).values()) == BOUND * 3 // 4 + 3_000
    scene.link(devices[0], SHORT)
    scene.kernel.refusals = {ifb(devices[0]): errno.EBUSY}
    scene.now_s += 1
    scene.reconciler.reconcile([devices[0], devices[-1]])
    assert limits(scene)[devices[-1]] == 1_000
    assert limits(scene)[devices[0]] == SHARE
    scene.kernel.refusals = {}
    later(scene)
    scene.reconciler.audit()
    assert limits(scene)[devices[0]] == NEED
    assert sum(limits(scene).values()) == BOUND * 3 // 4


def test_a_device_that_is_unplugged_holds_no_room(scene: Scene) -> None:
    scene.link(ONE, Link(egress=LONG.ingress, ingress=LONG.ingress))
    scene.kernel.unplug(ONE)
    scene.reconciler.reconcile([ONE])
    assert scene.reconciler._budget._held.total == 0


def test_the_tree_of_a_link_that_is_removed_keeps_its_room_until_it_is_empty(scene: Scene) -> None:
    scene.link(ONE, LONG)
    send(scene, SHARE)
    scene.link(ONE, Link.CLEAN)
    assert limits(scene) == {ONE: SHARE}
    send(scene, 0)
    later(scene)
    assert limits(scene) == {}


def test_an_agent_started_anew_knows_what_the_kernel_holds(scene: Scene) -> None:
    devices = [f"tap0000000a-{number:02}" for number in range(20)]
    for device in devices:
        scene.kernel.plug(device)
        scene.link(device, LONG)
    before, told = limits(scene), len(scene.kernel.told)
    assert sum(before.values()) <= BOUND
    for turn in range(1, 4):
        restart(scene)
        for device in (*devices[7 * turn :], *devices[: 7 * turn]):
            scene.link(device, LONG)
        scene.reconciler.audit()
        assert limits(scene) == before
    assert len(scene.kernel.told) == told


def test_the_floor_is_there_when_shares_have_taken_the_rest(scene: Scene) -> None:
    devices = [f"tap0000000b-{number:02}" for number in range(50)]
    for device in devices:
        scene.kernel.plug(device)
        scene.link(device, LONG)
    got = [limits(scene)[device] for device in devices]
    assert got[:12] == [SHARE] * 12
    assert got[12:] == [1_000] * 38
    assert all(scene.status(device) == SETTLED for device in devices)


def test_a_port_for_which_not_even_the_floor_is_left_says_so_and_keeps_its_bandwidth(
    caplog: pytest.LogCaptureFixture,
) -> None:
    scene = Scene(memory_bytes=1_500 * PACKET_BYTES)
    scene.link(ONE, SHORT)
    both = Link(ingress=replace(SHORT.ingress, rate_kbps=1000))
    scene.link(TWO, both)
    assert limits(scene) == {ONE: 1_000}
    tree = scene.kernel.devices[TWO].ingress.tree
    assert tree.tbf
    assert tree.tbf.rate_bytes_per_s == 125_000
    why = (
        "ingress needs room for 1001 packets on their way, 1000 at the least; "
        "the bound on queue memory leaves none"
    )
    failed = scene.status(TWO)
    assert isinstance(failed, Failed)
    assert failed.why == why
    later(scene)
    assert sum(why in text for text in caplog.messages) == 1
    scene.link(ONE, Link.CLEAN)
    later(scene, 30.0)
    assert limits(scene) == {TWO: 1_000}
    assert scene.status(TWO) == SETTLED


def test_limits_beyond_a_bound_that_was_larger_before_fall_to_it(scene: Scene) -> None:
    devices = [f"tap0000000c-{number:02}" for number in range(40)]
    for device in devices:
        scene.kernel.plug(device)
        scene.link(device, MIDDLE)
    bound = sum(limits(scene).values()) - 50_000
    scene.reconciler = Reconciler(
        scene.kernel, scene.claims, Budget(bound * PACKET_BYTES), clock=lambda: scene.now_s
    )
    for device in devices:
        scene.link(device, MIDDLE)
    later(scene)
    assert bound - SHARE <= sum(limits(scene).values()) <= bound
    assert all(limit >= 1_000 for limit in limits(scene).values())


def test_the_room_of_a_port_that_nobody_looks_at_comes_back_when_it_has_gone(
    scene: Scene,
) -> None:
    scene.link(ONE, LONG)
    restart(scene)
    scene.link(TWO, LONG)
    scene.kernel.unplug(ONE)
    scene.reconciler.audit()
    budget = scene.reconciler._budget
    assert budget._held.total == sum(limits(scene).values()) == SHARE
