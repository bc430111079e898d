# SPDX-License-Identifier: Apache-2.0
"""How a port's ifbs are named: the devices that carry what its instance sends and receives."""

from __future__ import annotations

import functools
import hashlib
import os
from typing import Collection, List, Tuple

from networking_netem.domain.link import Direction

_PREFIXES = {Direction.EGRESS: "nifb", Direction.INGRESS: "nifi"}
"""The first version of the engine had an ifb for egress only, so that one has the general name."""
_TAP = "tap"
_LONGEST = 14
"""What is left of a name behind the letters has 11 bytes at most, as Neutron's names have."""


@functools.lru_cache(maxsize=16384)
def ifb_name(device: str, direction: Direction) -> str:
    """The ifb of a port's device: ``tap1a2b3c4d-5e`` has ``nifb1a2b3c4d-5e`` for its egress.

    Every name of a device (1 to 15 bytes of anything) has one of its own. For what is no tap it is
    made of a hash of 44 bits: the hybrid firewall has a ``qvo`` for the tap of the same number.
    """
    prefix = _PREFIXES[direction]
    if device.startswith(_TAP) and device.isascii() and len(_TAP) < len(device) <= _LONGEST:
        return prefix + device[len(_TAP) :]
    return prefix + hashlib.sha256(os.fsencode(device)).hexdigest()[:11]


def ifb_names(device: str) -> Tuple[str, str]:
    """The ifbs of a port's device, that of its egress first."""
    return ifb_name(device, Direction.EGRESS), ifb_name(device, Direction.INGRESS)


def is_ifb_name(name: str) -> bool:
    """True for every name that ``ifb_name`` gives."""
    return name.startswith(tuple(_PREFIXES.values()))


def orphans(ifbs: Collection[str], devices: Collection[str]) -> List[str]:
    """Those of the ifbs that are no ifb of any of the devices."""
    served = {name for device in devices for name in ifb_names(device)}
    return [ifb for ifb in ifbs if ifb not in served]
