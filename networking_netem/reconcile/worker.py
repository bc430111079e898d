# SPDX-License-Identifier: Apache-2.0
"""Three threads: for what is due, for what the kernel announces, for the steps of timelines."""

from __future__ import annotations

import logging
import threading
import time
from typing import Callable, Optional

from networking_netem.kernel.timer import Timer
from networking_netem.kernel.watch import Watcher
from networking_netem.reconcile.reconciler import Reconciler

LOG = logging.getLogger(__name__)

AFTER_FAULT_S = 1.0


class Worker:
    """Reconciles when the kernel announces a change, when a port is due, and periodically.

    Daemon threads: they end with the agent. Under eventlet (Neutron 17 to 26) they are green.
    """

    def __init__(self, reconciler: Reconciler, audit_interval_s: float) -> None:
        self._reconciler = reconciler
        self._audit_interval_s = audit_interval_s
        self._work = threading.Event()
        self._timer = Timer()

    def start(self) -> None:
        """Begin to watch and to work; the first audit is at once."""
        watcher = Watcher()
        for name, target in (
            ("netem-work", self._run),
            ("netem-watch", lambda: self._watch(watcher)),
            ("netem-step", self._step),
        ):
            arguments = (name, target)
            threading.Thread(target=_for_ever, args=arguments, name=name, daemon=True).start()

    def wake(self) -> None:
        """Say that something may be due earlier than it was."""
        self._work.set()

    def _watch(self, watcher: Optional[Watcher]) -> None:
        while True:
            try:
                # A new one has missed what was announced before: all ports may have changed.
                names = watcher.wait() if watcher else None
                watcher = watcher or Watcher()
                if names is None:
                    LOG.warning("The kernel announced what was not heard; looking at all ports")
                self._reconciler.touch(names)
                self.wake()
            except Exception:
                LOG.exception("Listening to the kernel failed; again in %s s", AFTER_FAULT_S)
                watcher = None
                time.sleep(AFTER_FAULT_S)

    def _step(self) -> None:
        was_clock_set = False
        while True:
            try:
                self._timer.set(self._reconciler.step(was_clock_set))
                # What is not done by settings of qdiscs alone.
                self.wake()
            except Exception:
                LOG.exception("A step of timelines failed; again in %s s", AFTER_FAULT_S)
                time.sleep(AFTER_FAULT_S)
            else:
                was_clock_set = self._timer.wait()

    def _run(self) -> None:
        audit_at_s = time.monotonic()
        while True:
            self._work.clear()
            try:
                if time.monotonic() >= audit_at_s:
                    audit_at_s = time.monotonic() + self._audit_interval_s
                    self._reconciler.audit()
                due_s = self._reconciler.reconcile_due()
                self._timer.set(self._reconciler.step_at_ms())
            except Exception:
                LOG.exception("Looking at ports failed; trying again in %s s", AFTER_FAULT_S)
                due_s = AFTER_FAULT_S
            rest_s = max(audit_at_s - time.monotonic(), 0.0)
            self._work.wait(rest_s if due_s is None else min(due_s, rest_s))


def _for_ever(name: str, work: Callable[[], None]) -> None:
    """Begin the work of a thread anew whenever it ends. That is no error that it catches itself."""
    while True:
        try:
            work()
        except BaseException:
            LOG.critical("%s ended; it begins anew in %s s", name, AFTER_FAULT_S, exc_info=True)
        time.sleep(AFTER_FAULT_S)
