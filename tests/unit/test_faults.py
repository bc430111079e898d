# SPDX-License-Identifier: Apache-2.0
"""Nothing stops anything else: what is raised for one port is that port's status."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Callable, Collection, Dict

import pytest

from networking_netem.domain.link import Link
from networking_netem.domain.observed import Observed
from networking_netem.kernel.netlink import DumpInterrupted
from networking_netem.reconcile.status import Failed
from tests.support.scene import ONE, SLOW, TWO, Scene


@pytest.fixture
def scene() -> Scene:
    return Scene()


class Fault(Exception):
    """An error that no code expects."""


def at_fault(scene: Scene, where: str, device: str) -> Callable[[], None]:
    """Have one part of what surrounds the reconciler raise when it is asked about a device.

    Returns what mends it.
    """
    owner = scene.claims if where in ("claim", "release") else scene.kernel
    work = getattr(owner, where)

    def raising(asked: Any, *more: Any, **named: Any) -> Any:
        names = [asked] if isinstance(asked, str) else asked
        if any(device == getattr(name, "device", name) for name in names):
            raise Fault(f"no {device}")
        return work(asked, *more, **named)

    setattr(owner, where, raising)
    return lambda: setattr(owner, where, work)


@pytest.mark.parametrize("where", ["observe", "apply", "claim"])
def test_what_is_raised_for_one_port_is_its_status_and_stops_no_other(
    where: str, caplog: pytest.LogCaptureFixture
) -> None:
    scene = Scene()
    others = [f"tap00000000-{number:02}" for number in range(10, 60)]
    for device in others:
        scene.kernel.plug(device)
    mend = at_fault(scene, where, ONE)
    for device in (*others[:25], ONE, *others[25:]):
        scene.reconciler.want(device, SLOW)
    scene.reconciler.reconcile([*others[:25], ONE, *others[25:]])
    assert all(scene.holds(device, SLOW) for device in others)
    failed = scene.status(ONE)
    assert isinstance(failed, Failed)
    assert str(failed) == f"failed: Fault: no {ONE}"
    assert sum("does not hold its link" in text for text in caplog.messages) == 1

    wait_s = scene.reconciler.reconcile_due()
    assert wait_s
    mend()
    scene.now_s += wait_s
    assert scene.reconciler.reconcile_due() is None
    assert scene.holds(ONE, SLOW)


def test_a_port_whose_row_has_gone_is_released_later(scene: Scene) -> None:
    for device in (ONE, TWO):
        scene.kernel.devices[device] = replace(scene.kernel.devices[device], hook="ingress")
        scene.link(device, SLOW)
    mend = at_fault(scene, "release", ONE)
    for device in (ONE, TWO):
        scene.reconciler.want(device, Link.CLEAN)
    scene.reconciler.reconcile([ONE, TWO])
    assert scene.holds(TWO, Link.CLEAN)
    assert list(scene.reconciler.statuses()) == [ONE]
    mend()
    scene.now_s += 1
    assert scene.reconciler.reconcile_due() is None
    assert scene.claims.roots == []


def test_a_host_that_never_stands_still_is_looked_at_later(scene: Scene) -> None:
    def churning(devices: Collection[str]) -> Dict[str, Observed]:
        raise DumpInterrupted

    observe = scene.kernel.observe
    scene.kernel.observe = churning  # type: ignore[method-assign]
    for device in (ONE, TWO):
        scene.reconciler.want(device, SLOW)
    scene.reconciler.reconcile([ONE, TWO])
    assert all("changed during each look" in str(scene.status(device)) for device in (ONE, TWO))
    scene.kernel.observe = observe  # type: ignore[method-assign]
    scene.now_s += scene.reconciler.reconcile_due() or 0.0
    scene.reconciler.reconcile_due()
    assert scene.holds(ONE, SLOW)
    assert scene.holds(TWO, SLOW)


def test_devices_of_any_name_are_linked_and_stop_no_other(scene: Scene) -> None:
    odd = ["x", "hm0", "tpi-0a1b2c3d-4e", "trunk-vm-000001", "x\udcff\udcfey"]
    for device in odd:
        scene.kernel.plug(device)
        scene.link(device, SLOW)
    scene.link(ONE, SLOW)
    scene.reconciler.touch({"hm0", "eth0"})
    scene.now_s += 1
    scene.reconciler.reconcile_due()
    scene.reconciler.audit()
    assert all(scene.holds(device, SLOW) for device in (*odd, ONE))
