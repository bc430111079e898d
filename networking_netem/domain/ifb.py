# SPDX-License-Identifier: Apache-2.0
"""How a port's ifb is named: the device that carries what its instance sends."""

from __future__ import annotations

import hashlib
import os
from typing import Collection, List

_PREFIX = "nifb"
_LETTERS = 3
"""Neutron's names of devices begin with three letters that tell the kind: tap, qvo, hm0."""
_SHORTEST, _LONGEST = 4, 14
"""Lengths of names of which enough is left behind the letters, and not too much for the prefix."""


def ifb_name(device: str) -> str:
    """The ifb of a port's device: ``tap1a2b3c4d-5e`` has ``nifb1a2b3c4d-5e``.

    Every name of a device (1 to 15 bytes of anything) has one. For a name that is not three letters
    and 1 to 11 characters, as Neutron's, it is made of a hash of 44 bits.
    """
    if device.isascii() and _SHORTEST <= len(device) <= _LONGEST:
        return _PREFIX + device[_LETTERS:]
    return _PREFIX + hashlib.sha256(os.fsencode(device)).hexdigest()[:11]


def is_ifb_name(name: str) -> bool:
    """True for every name that ``ifb_name`` gives."""
    return name.startswith(_PREFIX)


def orphans(ifbs: Collection[str], devices: Collection[str]) -> List[str]:
    """Those of the ifbs that are no ifb of any of the devices."""
    served = {ifb_name(device) for device in devices}
    return [ifb for ifb in ifbs if ifb not in served]
