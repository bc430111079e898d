# SPDX-License-Identifier: Apache-2.0
"""A link on OVN survives what ends beside it; where it limits bandwidth, OVN's meter does not."""

from __future__ import annotations

from typing import Set

import pytest

from netem_lab.scenario import meters
from netem_lab.session import remote
from tests.integration.port import Port, netem_counters, node
from tests.support.waiting import wait_until

PROCESSES = (
    *("ovn-controller", "ovn-northd", "ovs-vswitchd", "networking_netem.agent_ovn.main"),
    *("openvswitch/conf.db", "ovnsb_db.db"),
)


@pytest.mark.parametrize("signal", ["TERM", "KILL"])
@pytest.mark.parametrize("process", PROCESSES)
def test_the_link_survives_the_end_of(port: Port, process: str, signal: str) -> None:
    wait_until(port.is_whole)
    remote.run("vm1", ["ping", "-q", "-c5", "-i0.1", "-W1", "10.0.0.12"])
    counted, (pid,) = netem_counters(port), _pids(process)
    assert min(counted) > 0
    node("kill", f"-{signal}", pid)
    wait_until(lambda: _pids(process) - {pid} != set())
    before = port.netem(port.ifb)
    port.neutron.put(port.rule("delay"), {"delay_rule": {"delay_ms": 40}})
    print(f"an edit was in force {wait_until(lambda: port.netem(port.ifb) != before):.2f} s later")
    port.neutron.put(port.rule("delay"), {"delay_rule": {"delay_ms": 20}})
    wait_until(lambda: port.netem(port.ifb) == before)
    assert port.is_whole()
    assert all(now >= then for now, then in zip(netem_counters(port), counted)), "made anew"


def test_the_meter_gives_way_to_a_link_and_comes_back(port: Port) -> None:
    wait_until(port.is_whole)
    wait_until(lambda: _rates_kbps() == set())
    delay = port.neutron.get(port.rule("delay"))["delay_rule"]
    port.neutron.delete(port.rule("delay"))
    wait_until(lambda: _rates_kbps() == {10_000})
    asked = {name: delay[name] for name in ("delay_ms", "delay_correlation_ms", "direction")}
    port.neutron.post(f"qos/policies/{port.policy}/delay_rules", {"delay_rule": asked})
    wait_until(port.is_whole)
    wait_until(lambda: _rates_kbps() == set())


def _pids(process: str) -> Set[str]:
    return set(node("pgrep", "-f", process).split())


def _rates_kbps() -> Set[int]:
    return meters.rates_kbps(remote.node().output)
