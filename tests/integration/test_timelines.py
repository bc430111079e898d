# SPDX-License-Identifier: Apache-2.0
"""Timelines from the API to packets between two instances, over restarts of what imposes them."""

from __future__ import annotations

from typing import Any, Dict, Iterator

import pytest

from netem_lab.errors import LabError
from netem_lab.session import remote
from tests.integration.port import Port, node
from tests.support.waiting import wait_until

OUTAGE = [{"at_ms": 0}, {"at_ms": 1000, "loss_pct": 100}]
FLAP: Dict[str, Any] = {"steps": OUTAGE, "length_ms": 2000, "repeat": 0, "direction": "any"}
AGENTS = "netem_lab.node.neutron|networking_netem.agent_ovn.main"
"""The program that has the agent, on either backend."""


@pytest.fixture
def flap(port: Port) -> Iterator[str]:
    """The path of a timeline that is not started, on a port with a delay."""
    rules = f"qos/policies/{port.policy}/timeline_rules"
    made = port.neutron.post(rules, {"timeline_rule": FLAP})
    path = f"{rules}/{made['id']}"
    wait_until(port.is_whole)
    yield path
    port.neutron.delete(path)
    wait_until(lambda: not is_down(port))


def is_down(port: Port) -> bool:
    """Whether the kernel drops all that the instance sends."""
    return port.netem(port.ifb).get("loss-random", {}).get("loss") == 1


def wait_for_turns(port: Port, turns: int) -> None:
    """Wait until it has gone down and up so often."""
    for _ in range(turns):
        wait_until(lambda: is_down(port))
        wait_until(lambda: not is_down(port))


def start(port: Port, flap: str, **values: Any) -> None:
    port.neutron.put(flap, {"timeline_rule": {"start_in_ms": 1000, **values}})


def test_a_flap_is_met_by_packets_and_stops(port: Port, flap: str) -> None:
    start(port, flap)
    wait_for_turns(port, 2)
    sent, arrived = pings()
    print(f"{arrived} of {sent} pings came back over a link that is down half of the time")
    assert 0.2 * sent < arrived < 0.8 * sent
    port.neutron.put(flap, {"timeline_rule": {"start_at": None}})
    wait_until(lambda: not is_down(port))
    assert port.netem(port.ifb)["delay"]


def pings() -> tuple[int, int]:
    """How many pings of 12 s were sent, and how many came back."""
    done = remote.run("vm1", ["ping", "-q", "-c60", "-i0.2", "-W1", "10.0.0.12"])
    sent, arrived = (int(part.split()[0]) for part in done.stdout.split("---\n")[1].split(",")[:2])
    return sent, arrived


def test_the_server_says_where_it_is(port: Port, flap: str) -> None:
    start(port, flap, start_in_ms=0, length_ms=3_600_000)
    wait_until(lambda: is_down(port))
    rule = port.neutron.get(flap)["timeline_rule"]
    assert (rule["state"], rule["round"], rule["step"]) == ("running", 1, 2)


def test_an_agent_that_was_killed_enters_at_the_right_step(port: Port, flap: str) -> None:
    start(port, flap)
    wait_for_turns(port, 1)
    node("sh", "-c", f"kill -9 $(pgrep -of '{AGENTS}')")
    wait_until(lambda: is_active(port))
    wait_for_turns(port, 3)
    assert port.is_whole()


def is_active(port: Port) -> bool:
    """Whether the server answers, and says that the port is there."""
    try:
        return bool(port.neutron.port("vm1")["status"] == "ACTIVE")
    except LabError:
        return False


def test_an_edit_of_another_rule_in_mid_run(port: Port, flap: str) -> None:
    start(port, flap)
    wait_for_turns(port, 1)
    before = port.netem(port.ifb)["delay"]
    port.neutron.put(port.rule("delay"), {"delay_rule": {"delay_ms": 40}})
    wait_until(lambda: port.netem(port.ifb)["delay"] != before)
    wait_for_turns(port, 2)
    port.neutron.put(port.rule("delay"), {"delay_rule": {"delay_ms": 20}})
    wait_until(lambda: port.netem(port.ifb)["delay"] == before)


def test_a_policy_that_is_taken_off_in_mid_run_leaves_nothing(port: Port, flap: str) -> None:
    start(port, flap)
    wait_until(lambda: is_down(port))
    port.attach(None)
    print(f"clean within {wait_until(port.is_clean):.2f} s")
    port.attach(port.policy)
    wait_until(port.is_whole)
    wait_for_turns(port, 1)
