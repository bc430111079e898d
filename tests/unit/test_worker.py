# SPDX-License-Identifier: Apache-2.0
"""All threads go on, whatever is raised in them."""

from __future__ import annotations

import queue
from typing import Any, Collection, Optional

import pytest

from networking_netem.reconcile import worker
from networking_netem.reconcile.worker import Worker

WITHIN_S = 10.0


class Reconciler:
    """Records what it is asked to do, and raises as long as it is set to."""

    def __init__(self) -> None:
        self.touched: queue.Queue[Optional[Collection[str]]] = queue.Queue()
        self.looked: queue.Queue[str] = queue.Queue()
        self.faults = 0

    def touch(self, names: Optional[Collection[str]]) -> None:
        self.touched.put(names)
        if names == {"hm0"}:
            raise ValueError("device name 'hm0' must have 4 to 14 characters")

    def audit(self) -> None:
        self.looked.put("audit")
        if self.faults:
            self.faults -= 1
            raise LookupError("Cannot find Port")

    def reconcile_due(self) -> Optional[float]:
        self.looked.put("due")
        return None

    def step(self, was_clock_set: bool = False) -> Optional[int]:
        return None

    def step_at_ms(self) -> Optional[int]:
        return None


class Announcements:
    """A watcher that returns, or raises, what it is given."""

    def __init__(self) -> None:
        self.given: queue.Queue[Any] = queue.Queue()

    def wait(self) -> Any:
        given = self.given.get()
        if isinstance(given, Exception):
            raise given
        return given


@pytest.fixture
def announcements(monkeypatch: pytest.MonkeyPatch) -> Announcements:
    made = Announcements()
    monkeypatch.setattr(worker, "Watcher", lambda: made)
    monkeypatch.setattr(worker, "AFTER_FAULT_S", 0.01)
    return made


def test_a_watcher_that_raises_is_replaced_and_all_ports_are_looked_at(
    announcements: Announcements,
) -> None:
    reconciler = Reconciler()
    Worker(reconciler, audit_interval_s=60.0).start()  # type: ignore[arg-type]
    announcements.given.put({"tap1"})
    assert reconciler.touched.get(timeout=WITHIN_S) == {"tap1"}
    for fault in (OSError(24, "Too many open files"), UnicodeDecodeError("utf-8", b"", 0, 1, "x")):
        announcements.given.put(fault)
        assert reconciler.touched.get(timeout=WITHIN_S) is None
        announcements.given.put({"tap2"})
        assert reconciler.touched.get(timeout=WITHIN_S) == {"tap2"}


def test_a_touch_that_raises_ends_no_thread(announcements: Announcements) -> None:
    reconciler = Reconciler()
    Worker(reconciler, audit_interval_s=60.0).start()  # type: ignore[arg-type]
    announcements.given.put({"hm0"})
    assert reconciler.touched.get(timeout=WITHIN_S) == {"hm0"}
    assert reconciler.touched.get(timeout=WITHIN_S) is None
    announcements.given.put({"tap1"})
    assert reconciler.touched.get(timeout=WITHIN_S) == {"tap1"}


def test_an_audit_that_raises_is_followed_by_looks(announcements: Announcements) -> None:
    reconciler = Reconciler()
    reconciler.faults = 1
    Worker(reconciler, audit_interval_s=60.0).start()  # type: ignore[arg-type]
    assert reconciler.looked.get(timeout=WITHIN_S) == "audit"
    assert reconciler.looked.get(timeout=WITHIN_S) == "due"


def test_a_thread_that_ends_is_said_and_begins_anew(
    announcements: Announcements, caplog: pytest.LogCaptureFixture
) -> None:
    reconciler = Reconciler()
    ends = [SystemExit(), KeyboardInterrupt()]

    def audit() -> None:
        if ends:
            raise ends.pop()
        reconciler.looked.put("audit")

    reconciler.audit = audit  # type: ignore[method-assign]
    Worker(reconciler, audit_interval_s=3600.0).start()  # type: ignore[arg-type]
    assert reconciler.looked.get(timeout=WITHIN_S) == "audit"
    assert sum("netem-work ended; it begins anew" in text for text in caplog.messages) == 2
