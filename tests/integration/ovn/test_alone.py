# SPDX-License-Identifier: Apache-2.0
"""A chassis goes through the steps of timelines while nothing of the control plane answers."""

from __future__ import annotations

import contextlib
from typing import Iterator

from tests.integration.port import Port, node
from tests.integration.test_timelines import flap, start, wait_for_turns  # noqa: F401

CONTROL_PLANE = "netem_lab.node.neutron|ovn-northd|ovnnb_db.db|ovnsb_db.db"


@contextlib.contextmanager
def stopped(processes: str) -> Iterator[None]:
    """Processes that answer nothing."""
    node("pkill", "-STOP", "-f", processes)
    try:
        yield
    finally:
        node("pkill", "-CONT", "-f", processes)


def test_steps_go_on_while_server_and_databases_are_away(port: Port, flap: str) -> None:  # noqa: F811
    start(port, flap)
    wait_for_turns(port, 1)
    with stopped(CONTROL_PLANE):
        wait_for_turns(port, 5)
    wait_for_turns(port, 1)
