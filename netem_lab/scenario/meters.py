# SPDX-License-Identifier: Apache-2.0
"""The meters by which OVN limits bandwidth where a direction has neither delay nor loss."""

from __future__ import annotations

import re
from typing import Iterable

from netem_lab.scenario.qdiscs import Output
from networking_netem.domain.impairment import Impairment

_SHOW = ("ovs-ofctl", "--protocols=OpenFlow15", "dump-meters", "br-int")
_RATE_KBPS = re.compile(r"\brate=(\d+)")


def hold(output: Output, limits: Iterable[Impairment]) -> bool:
    """Whether the node's integration bridge has a meter for the rate of each limit."""
    metered_kbps = {int(rate) for rate in _RATE_KBPS.findall(output(_SHOW))}
    return {limit.rate_kbps for limit in limits} <= metered_kbps
