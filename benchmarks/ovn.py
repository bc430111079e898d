# SPDX-License-Identifier: Apache-2.0
"""How long an edit takes on OVN, until it is in force and until the API answers.

Run in the node of a lab that is up: `netem-lab exec node -- .venv/bin/python -m benchmarks.ovn`.
Edits of a delay rule of vm1's port and of a stock bandwidth limit of vm2's take turns. The meter
of the limit is read by a program, which adds its start.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import threading
import time
from typing import Any, Callable, List, Tuple

from netem_lab.neutron_api import NeutronClient
from netem_lab.node.neutron import API_PORT
from networking_netem.domain.installed import installed
from networking_netem.domain.link import Direction
from networking_netem.kernel.host import Host

POLL_EVERY_S = 0.002
FIRST_MS, FIRST_KBPS = 10, 800_000


class Edited:
    """A rule of a policy on a port, which is edited again and again."""

    def __init__(
        self, neutron: NeutronClient, port: Any, rule_type: str, field: str, first: int
    ) -> None:
        self._neutron = neutron
        self._member, self._field = f"{rule_type}_rule", field
        made = neutron.post("qos/policies", {"policy": {"name": "edited"}})
        rules = f"qos/policies/{made['id']}/{rule_type}_rules"
        rule = neutron.post(rules, {self._member: {field: first}})
        self._path = f"{rules}/{rule['id']}"
        neutron.put(f"ports/{port['id']}", {"port": {"qos_policy_id": made["id"]}})

    def edit(self, value: int, holds: Callable[[], bool]) -> Tuple[float, float]:
        """The seconds until the value is in force, and until the API has answered."""
        answered_s: List[float] = []

        def put() -> None:
            self._neutron.put(self._path, {self._member: {self._field: value}})
            answered_s.append(time.monotonic() - began_s)

        began_s = time.monotonic()
        thread = threading.Thread(target=put)
        thread.start()
        while not holds():
            time.sleep(POLL_EVERY_S)
        held_s = time.monotonic() - began_s
        thread.join()
        return held_s, answered_s[0]


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    neutron = NeutronClient(f"http://127.0.0.1:{API_PORT}")
    vm1, vm2 = neutron.port("vm1"), neutron.port("vm2")
    delay = Edited(neutron, vm1, "delay", "delay_ms", FIRST_MS)
    limit = Edited(neutron, vm2, "bandwidth_limit", "max_kbps", FIRST_KBPS)
    tap = f"tap{vm1['id'][:11]}"
    taken: List[Tuple[Tuple[float, float], Tuple[float, float]]] = []
    for number in range(1, rounds + 3):
        by_us = delay.edit(FIRST_MS + number, lambda n=number: _delay_ms(tap) == FIRST_MS + n)
        by_ovn = limit.edit(FIRST_KBPS + number, lambda n=number: _has_meter(FIRST_KBPS + n))
        taken.append((by_us, by_ovn))
    # The first two rounds warm caches up.
    for name, times in zip(("delay", "bandwidth limit"), zip(*taken[2:])):
        for until, seconds in zip(("in force", "answered"), zip(*times)):
            ordered_ms = sorted(1000 * each for each in seconds)
            p95_ms = ordered_ms[int(0.95 * len(ordered_ms))]
            median_ms = statistics.median(ordered_ms)
            print(f"{name} {until}: median {median_ms:.0f} ms, p95 {p95_ms:.0f}, n = {rounds}")


def _delay_ms(tap: str) -> float:
    """The delay that the kernel holds for what the instance sends; 0 without one."""
    observed = Host(lambda requests: []).observe([tap])[tap]
    found = installed(observed.tree(Direction.EGRESS))
    return found.delay_us / 1000 if found else 0


def _has_meter(rate_kbps: int) -> bool:
    command = ["ovs-ofctl", "--protocols=OpenFlow15", "dump-meters", "br-int"]
    shown = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return f"rate={rate_kbps}" in shown


if __name__ == "__main__":
    main()
