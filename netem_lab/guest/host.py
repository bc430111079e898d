# SPDX-License-Identifier: Apache-2.0
"""What the lab needs on the host, and which package has what is missing."""

from __future__ import annotations

import importlib.util
import os
import shutil
from typing import Mapping

from netem_lab.errors import LabError
from netem_lab.guest.kernel import INSTALLED, Kernel

UML_MODULES = INSTALLED.modules
"""The folder of modules in Debian's package user-mode-linux."""

_PROGRAMS = {
    "ip": "iproute2",
    "modprobe": "kmod",
    "unshare": "util-linux",
    "setpriv": "util-linux",
}
_NODE_PROGRAMS = {
    "ovs-vswitchd": "openvswitch-switch",
    "ovsdb-server": "openvswitch-switch",
    "ovs-vsctl": "openvswitch-switch",
    "ping": "iputils-ping",
}
_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def search_path() -> str:
    """The caller's PATH, followed by the system folders that sudo and cron often leave out."""
    return os.pathsep.join(filter(None, (os.environ.get("PATH"), _SYSTEM_PATH)))


def program(name: str) -> str:
    """The full path of a program that `require_guest` or `require_node` has found."""
    return shutil.which(name, path=search_path()) or name


def require_root() -> None:
    """Raise LabError unless the caller is root."""
    if os.geteuid() != 0:
        raise LabError("must be run as root: the guest needs namespaces and a tap of its own")


def require_guest(kernel: Kernel = INSTALLED) -> None:
    """Raise LabError unless a guest with this kernel can be booted here."""
    require_root()
    _require({kernel.program: "user-mode-linux", **_PROGRAMS})
    if not kernel.modules.is_dir():
        raise LabError(f"no kernel modules in {kernel.modules}: apt-get install user-mode-linux")
    if not os.path.exists("/dev/net/tun"):
        raise LabError("/dev/net/tun is missing: modprobe tun, or give it to this container")


def require_node(programs: Mapping[str, str]) -> None:
    """Raise LabError unless the whole node (guest, Open vSwitch, Neutron) can run here.

    `programs` are what its backend needs besides: programs, and full paths of files, each with the
    package that has it.
    """
    require_guest()
    _require({**_NODE_PROGRAMS, **programs})
    if importlib.util.find_spec("neutron") is None:
        raise LabError("no Neutron here: pip install networking-netem-lab")


def _require(programs: Mapping[str, str]) -> None:
    missing = {package for name, package in programs.items() if not _is_here(name)}
    if missing:
        names = " ".join(sorted(missing))
        raise LabError(f"missing Debian packages: apt-get install {names}")


def _is_here(name: str) -> bool:
    return os.path.exists(name) if name.startswith("/") else program(name) != name
