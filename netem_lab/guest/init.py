# SPDX-License-Identifier: Apache-2.0
"""The guest's process 1: it covers /run, /tmp and more of the host's, and runs the executor."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import List

from netem_lab.guest import executor
from netem_lab.guest.namespace import mount
from netem_lab.guest.place import PREFIX_LENGTH, Place

SPECIFICATION = "guest.json"
_PRIVATE = ("/run", "/tmp", "/var/tmp", "/var/log", "/dev/shm")
_MODULE_ROOT = Path("/run/uml")
_MS_BIND = 0x1000


def main() -> None:
    """Set the guest up from the specification in the folder argv[1], then serve commands."""
    # This must be read before /run and /tmp are covered.
    specification = json.loads(Path(sys.argv[1], SPECIFICATION).read_text())
    place = Place(**specification["place"])
    os.environ["PATH"] = specification["path"]
    _mount(specification["root"], specification["visible"], place.hostname)
    socket.sethostname(place.hostname)  # oslo.config does not start on "(none)"
    _load_modules(specification["modules"])
    _raise_network(place, specification["has_cable"])
    if os.fork() == 0:
        executor.serve(place.address)
    while True:  # process 1 becomes the parent of all orphans and must reap them
        os.wait()


def _mount(root: str, visible: List[str], hostname: str) -> None:
    """Mount the guest's own folders over the host's; `visible` folders are not covered."""
    mount("proc", "/proc", "proc")
    mount("sysfs", "/sys", "sysfs")
    for name in ("/dev/pts", "/dev/shm"):
        os.makedirs(name, exist_ok=True)
    mount("devpts", "/dev/pts", "devpts", "gid=5,mode=620,ptmxmode=666")
    for target in _PRIVATE:
        mount("tmpfs", target, "tmpfs", "mode=1777")
    for path in visible:
        if path.startswith(tuple(f"{target}/" for target in _PRIVATE)) or path in _PRIVATE:
            os.makedirs(path, exist_ok=True)
            mount("none", path, "hostfs", os.path.join(root, path.lstrip("/")))
    hosts = Path("/run/hosts")
    hosts.write_text(f"127.0.0.1 localhost {hostname}\n")
    if os.path.exists("/etc/hosts"):
        mount(str(hosts), "/etc/hosts", "none", flags=_MS_BIND)


def _load_modules(modules: str) -> None:
    """Let modprobe and the kernel find UML's modules, which are not in /lib/modules."""
    folder = _MODULE_ROOT / "lib"
    folder.mkdir(parents=True)
    (folder / "modules").symlink_to(modules)
    os.environ["MODPROBE_OPTIONS"] = f"-d {_MODULE_ROOT}"
    # The kernel itself starts modprobe for a new qdisc or type of device, without an environment.
    loader = _MODULE_ROOT / "modprobe"
    loader.write_text(f'#!/bin/sh\nexec /sbin/modprobe -d {_MODULE_ROOT} "$@"\n')
    loader.chmod(0o755)
    Path("/proc/sys/kernel/modprobe").write_text(str(loader))
    subprocess.run(["modprobe", "tun"], check=True)
    subprocess.run(["modprobe", "ifb", "numifbs=0"], check=True)


def _raise_network(place: Place, has_cable: bool) -> None:
    commands = [
        "link set lo up",
        f"link set vec0 address {place.mac} up",
        f"address add {place.address}/{PREFIX_LENGTH} dev vec0",
    ]
    if has_cable:
        commands += [
            "link set vec1 up",
            f"address add {place.cable_address}/{PREFIX_LENGTH} dev vec1",
        ]
    subprocess.run(["ip", "-batch", "-"], input="\n".join(commands), text=True, check=True)


if __name__ == "__main__":
    main()
