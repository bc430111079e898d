# SPDX-License-Identifier: Apache-2.0
"""`networking-netem-cleanup`: removes from a host what networking-netem has made, nothing else."""

from __future__ import annotations

import argparse
import errno
import shutil
import subprocess
import sys
import time
from functools import partial
from typing import Collection, Dict, List, Optional, Sequence

from networking_netem.agent.switch import OWNER
from networking_netem.domain.diff import diff
from networking_netem.domain.plan import Plan
from networking_netem.domain.step import DeleteIfb
from networking_netem.domain.tree import LONGEST_WAY_S
from networking_netem.kernel.host import Host
from networking_netem.kernel.netlink import transact

_POLL_EVERY_S = 0.05
_OFFLOADS = "other_config:hw-offload"

_DESCRIPTION = """\
Takes the qdiscs, filters and ifbs of networking-netem off this host, and hands its ports back to
Open vSwitch. No packet is lost: links are opened first, and removed when what they hold has left.
Stop the agent before; a running one puts its links back.
"""


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Clean the devices named, or all; the exit status is 0 only if nothing of ours is left."""
    parser = argparse.ArgumentParser(prog="networking-netem-cleanup", description=_DESCRIPTION)
    parser.add_argument(
        "devices", nargs="*", metavar="DEVICE", help="devices of ports, as tap…; default: all"
    )
    asked = parser.parse_args(argv).devices
    host = Host(partial(transact, is_heard=True))
    try:
        absent = sorted(set(asked) - set(host.observe(asked))) if asked else []
        if absent:
            parser.error(f"no such device: {', '.join(absent)}")
        devices = asked or host.carriers()
        left = _clean(host, devices)
        if not asked:
            host.apply([DeleteIfb(ifb) for ifb in host.orphans()])
    except PermissionError:
        print("networking-netem-cleanup: must be run as root", file=sys.stderr)
        return 1
    complaint = _hand_back(devices if asked else None)
    for device in devices:
        print(f"{device}: {left.get(device, 'clean')}")
    if complaint:
        print(f"Open vSwitch: {complaint}", file=sys.stderr)
    return 1 if left or complaint else 0


def _clean(host: Host, devices: Collection[str]) -> Dict[str, str]:
    """Open, drain and remove the links of these devices; return a phrase for what is left of each.

    Raises ``PermissionError`` where the kernel does not let this process change anything.
    """
    deadline_s = time.monotonic() + LONGEST_WAY_S
    refused: Dict[str, str] = {}
    nothing = Plan(keeps_clsact=_uses_hooks())
    while True:
        seen = host.observe(devices)
        differences = {name: diff(nothing, observed) for name, observed in seen.items()}
        left = {name: each for name, each in differences.items() if not each.is_none}
        if not left or time.monotonic() > deadline_s:
            return {name: refused.get(name, "packets are still on their way") for name in left}
        steps = [step for each in left.values() for step in each.steps]
        failures = host.apply(steps)
        if any(failure.answer.error == errno.EPERM for failure in failures):
            raise PermissionError
        refused = {failure.step.device: str(failure) for failure in failures}
        if refused or not steps:
            time.sleep(_POLL_EVERY_S)
        devices = list(left)


def _uses_hooks() -> bool:
    """Whether Open vSwitch offloads flows: to filters on the hooks that clsact has."""
    if not shutil.which("ovs-vsctl"):
        return False
    try:
        return _vsctl("--if-exists", "get", "Open_vSwitch", ".", _OFFLOADS) == ['"true"']
    except subprocess.CalledProcessError:
        return False


def _hand_back(devices: Optional[Collection[str]]) -> str:
    """Give the qdiscs of these ports, or of all, back to Open vSwitch; return what went wrong."""
    if not shutil.which("ovs-vsctl"):
        return ""
    try:
        owned = f"external_ids:owner={OWNER}"
        for row in _vsctl("--bare", "--columns=_uuid", "find", "QoS", owned):
            for port in _vsctl("--bare", "--columns=name", "find", "Port", f"qos={row}"):
                if devices is None or port in devices:
                    _vsctl("clear", "Port", port, "qos")
            if devices is None:
                _vsctl("--if-exists", "destroy", "QoS", row)
    except subprocess.CalledProcessError as error:
        return str(error.stderr).strip()
    return ""


def _vsctl(*arguments: str) -> List[str]:
    command = ["ovs-vsctl", "--timeout=10", *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout.split()


if __name__ == "__main__":
    sys.exit(main())
