# SPDX-License-Identifier: Apache-2.0
"""The thread that looks again at ports that are not done: draining, refused, in somebody's way."""

from __future__ import annotations

import threading

from oslo_log import log as logging

from networking_netem.agent.reconciler import Reconciler

LOG = logging.getLogger(__name__)


class Worker:
    """Reconciles what is due, when it is due. A daemon thread: it ends with the agent."""

    def __init__(self, reconciler: Reconciler) -> None:
        self._reconciler = reconciler
        self._work = threading.Event()
        self._thread = threading.Thread(target=self._run, name="netem", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Say that something may be due earlier than it was."""
        self._work.set()

    def _run(self) -> None:
        while True:
            self._work.clear()
            try:
                wait_s = self._reconciler.reconcile_due()
            except Exception:
                LOG.exception("Looking again at unfinished ports failed; trying once more")
                wait_s = 1.0
            self._work.wait(wait_s)
