# SPDX-License-Identifier: Apache-2.0
"""A link comes back after others have changed the port's qdiscs; the time without is printed."""

from __future__ import annotations

from typing import Dict, List

import pytest

from tests.integration.port import Port, node
from tests.support.waiting import wait_until

DEEDS: Dict[str, List[str]] = {
    "tc qdisc del root": ["tc qdisc del dev {back} root"],
    "tc qdisc del clsact": ["tc qdisc del dev {tap} clsact"],
    "ip link del ifb": ["ip link del {ifb}"],
    "ovs-vsctl clear Port qos": ["ovs-vsctl clear Port {tap} qos"],
    "policing set by hand": ["ovs-vsctl set Interface {tap} ingress_policing_rate=1000"],
    "MTU": ["ip link set {tap} mtu 1400", "ip link set {tap} mtu 1500"],
    "link down and up": ["ip link set {tap} down", "ip link set {tap} up"],
}


@pytest.mark.parametrize("deed", DEEDS)
def test_the_link_is_back_after(port: Port, deed: str) -> None:
    for command in DEEDS[deed]:
        node("sh", "-c", command.format(tap=port.tap, ifb=port.ifb, back=port.back))
    print(f"{deed}: back within {wait_until(port.is_whole):.2f} s")
