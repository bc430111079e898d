# SPDX-License-Identifier: Apache-2.0
"""The namespaces in which a guest is booted, so that it changes no network or mount of the host."""

from __future__ import annotations

import ctypes
import os
import subprocess
from pathlib import Path

from netem_lab.errors import LabError
from netem_lab.guest.host import program
from netem_lab.guest.place import FIRST, PREFIX_LENGTH, Place

HOST_ADDRESS = FIRST.host_address
GUEST_ADDRESS = FIRST.address

_CLONE_NEWNS = 0x00020000
_CLONE_NEWNET = 0x40000000
_MS_REC_PRIVATE = 0x4000 | 0x40000
_MNT_DETACH = 2
_libc = ctypes.CDLL(None, use_errno=True)


def mount(source: str, target: str, kind: str, options: str = "", flags: int = 0) -> None:
    """mount(2); raises OSError naming the target."""
    arguments = (os.fsencode(text) for text in (source, target, kind))
    if _libc.mount(*arguments, ctypes.c_ulong(flags), os.fsencode(options)) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), target)


def enter(folder: Path, memory_mib: int) -> None:
    """Move this process into new network and mount namespaces.

    They hold the tap that leads to the first guest, and a tmpfs over `folder` for its memory.
    Both are gone when the last process in the namespaces ends. Raises LabError.
    """
    if _libc.unshare(_CLONE_NEWNET | _CLONE_NEWNS) != 0:
        reason = os.strerror(ctypes.get_errno())
        raise LabError(f"cannot make network and mount namespaces: {reason}")
    mount("none", "/", "none", flags=_MS_REC_PRIVATE)
    make_room(folder, memory_mib, FIRST)


def make_room(folder: Path, memory_mib: int, place: Place) -> None:
    """Make what a guest needs in the namespaces of this process; raises LabError.

    That is a tmpfs over `folder`, and the tap of its place.
    """
    mount("tmpfs", str(folder), "tmpfs", f"mode=700,size={memory_mib + 64}m")
    commands = (
        f"tuntap add dev {place.tap} mode tap",
        f"address add {place.host_address}/{PREFIX_LENGTH} dev {place.tap}",
        f"link set {place.tap} up",
        # With a permanent neighbour, the first SYN after boot need not wait for an ARP retry.
        f"neighbour add {place.address} lladdr {place.mac} dev {place.tap} nud permanent",
    )
    made = subprocess.run(
        [program("ip"), "-batch", "-"], input="\n".join(commands), text=True, capture_output=True
    )
    if made.returncode != 0:
        raise LabError(f"cannot make the tap that leads to the guest: {made.stderr.strip()}")


def leave(folder: Path) -> None:
    """Unmount the tmpfs over `folder`, so that `folder` can be removed."""
    _libc.umount2(os.fsencode(folder), _MNT_DETACH)
