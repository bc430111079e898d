# SPDX-License-Identifier: Apache-2.0
"""The meters by which OVN limits bandwidth where a direction has neither delay nor loss."""

from __future__ import annotations

import re
from typing import Set

from netem_lab.scenario.qdiscs import Output

_SHOW = ("ovs-ofctl", "--protocols=OpenFlow15", "dump-meters", "br-int")
_RATE_KBPS = re.compile(r"\brate=(\d+)")


def rates_kbps(output: Output) -> Set[int]:
    """Return the rates of the meters that the node's integration bridge has."""
    return {int(rate) for rate in _RATE_KBPS.findall(output(_SHOW))}
