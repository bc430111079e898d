# SPDX-License-Identifier: Apache-2.0
"""Takes the news of both databases in, one after the other, and hands links to the engine."""

from __future__ import annotations

import logging
import queue
import time
import uuid
from typing import Any, Callable, Optional

from networking_netem.agent_ovn.open_vswitch import OpenVSwitch
from networking_netem.agent_ovn.ports import Ports
from networking_netem.agent_ovn.southbound import Southbound
from networking_netem.reconcile.reconciler import Reconciler
from networking_netem.reconcile.worker import Worker

LOG = logging.getLogger(__name__)

_NAMESPACE = uuid.UUID("6f0b1c0e-7d3c-4c57-9f0e-0d4f4c5a8a51")
LOOK_AGAIN_S = 1.0
"""How long to wait for a database that has not yet told of a port."""


class Ended(Exception):
    """A connection's thread has ended: the process must be started anew."""


class Agent:
    """Serves the ports of one chassis until it raises ``Ended``.

    The threads of the connections only put news into a queue. All else is done by the caller of
    ``serve``.
    """

    def __init__(self, remote: str, ovs_remote: str, timeout_s: float) -> None:
        self._news: Any = queue.SimpleQueue()
        self.open_vswitch = OpenVSwitch(ovs_remote, self._tell_later("plug"), timeout_s)
        self._remote = remote
        self._timeout_s = timeout_s
        self._answer_at_s: Optional[float] = None

    def serve(self, reconciler: Reconciler, worker: Worker) -> None:
        """Keep the engine's desired links at those that OVN says."""
        self._ports = Ports(reconciler.want, time.monotonic)
        chassis = self._wait_for_chassis()
        agent_id = str(uuid.uuid5(_NAMESPACE, chassis))
        LOG.info("Agent %s serves the chassis %s", agent_id, chassis)
        southbound = Southbound(
            self._remote,
            chassis,
            self._tell_later("told"),
            self._tell_later("missing"),
            lambda: self._news.put(self._has_been_asked),
            self._timeout_s,
        )
        self._answer_at_s = time.monotonic()
        due_s: Optional[float] = None
        while True:
            self._take_news(self._rest_s(due_s))
            due_s = self._look(southbound)
            worker.wake()
            if self._answer_at_s is not None and time.monotonic() >= self._answer_at_s:
                self._answer(southbound, agent_id)

    def _tell_later(self, method: str) -> Callable[..., None]:
        """A call of the ports' method, to be made by the thread that serves."""
        return lambda *arguments: self._news.put(lambda: getattr(self._ports, method)(*arguments))

    def _take_news(self, rest_s: float) -> None:
        """Wait for news for so long, and take all of it in."""
        try:
            self._news.get(timeout=rest_s)()
            while True:
                self._news.get_nowait()()
        except queue.Empty:
            pass

    def _look(self, southbound: Southbound) -> Optional[float]:
        """Ask the database for what follows from the news.

        Returns the seconds until a port that is missing is taken for deleted, if any.
        """
        southbound.watch(self._ports.ids)
        for port_id in southbound.absent(self._ports.unknown_ids):
            self._ports.missing(port_id)
        for connection in (southbound.connection, self.open_vswitch.connection):
            # ovsdbapp gives a connection up after three errors (up to 1.6).
            if not connection.thread.is_alive():
                raise Ended("a connection to OVSDB ended; its errors are above")
        return self._ports.clean_missing()

    def _rest_s(self, due_s: Optional[float]) -> float:
        """How long nothing is to be done unless there is news."""
        waits_s = [LOOK_AGAIN_S if self._ports.unknown_ids else 60.0]
        if due_s is not None:
            waits_s.append(due_s)
        if self._answer_at_s is not None:
            waits_s.append(self._answer_at_s - time.monotonic())
        return max(min(waits_s), 0.0)

    def _has_been_asked(self) -> None:
        if self._answer_at_s is None:
            self._answer_at_s = time.monotonic() + Southbound.spread_s()

    def _answer(self, southbound: Southbound, agent_id: str) -> None:
        self._answer_at_s = None
        try:
            southbound.answer(agent_id)
        except Exception as error:
            # The database is away; when it is back, its rows ask again.
            LOG.warning("The chassis' row was not written: %s", error)

    def _wait_for_chassis(self) -> str:
        is_said = False
        while True:
            chassis = self.open_vswitch.chassis()
            if chassis:
                return chassis
            if not is_said:
                LOG.error("Open vSwitch has no external_ids:system-id: this host is no chassis yet")
            is_said = True
            time.sleep(LOOK_AGAIN_S)
