# SPDX-License-Identifier: Apache-2.0
"""How a port's ifb is named: the device that carries what its instance sends."""

from __future__ import annotations

from typing import Collection, List

_PREFIX = "nifb"
_LETTERS = 3
"""Neutron's names of devices begin with three letters that tell the kind: tap, qvo, hm0."""


def ifb_name(device: str) -> str:
    """The ifb of a port's device: ``tap1a2b3c4d-5e`` has ``nifb1a2b3c4d-5e``.

    Raises ``ValueError`` for a name that is not three letters and 1 to 11 characters, as Neutron's.
    """
    if not 4 <= len(device) <= 14:
        raise ValueError(f"device name {device!r} must have 4 to 14 characters")
    return _PREFIX + device[_LETTERS:]


def is_ifb_name(name: str) -> bool:
    """True for every name that ``ifb_name`` gives."""
    return name.startswith(_PREFIX)


def orphans(ifbs: Collection[str], devices: Collection[str]) -> List[str]:
    """Those of the ifbs whose port is not among the devices."""
    served = {device[_LETTERS:] for device in devices}
    return [ifb for ifb in ifbs if ifb[len(_PREFIX) :] not in served]
