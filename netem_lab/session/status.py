# SPDX-License-Identifier: Apache-2.0
"""The report on the running lab."""

from __future__ import annotations

import time
from typing import List, Tuple

from netem_lab.errors import LabError
from netem_lab.neutron_api import NeutronClient
from netem_lab.node.files import LOG_FOLDER
from netem_lab.node.topology import NAMES, Topology
from netem_lab.session import remote, state


def report() -> Tuple[List[str], bool]:
    """Return lines to print, and whether all is well; raises LabError if no lab is up."""
    lab = state.required()
    since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(lab.since_s))
    condition = lab.failure or ("up" if lab.ready else "starting")
    chassis = f", {lab.chassis} chassis" if lab.chassis > 1 else ""
    lines = [
        f"lab    {condition}, since {since}, backend {lab.backend}{chassis}",
        f"API    {lab.api_url}",
    ]
    healthy = lab.ready and not lab.failure
    try:
        ports = Topology(NeutronClient(lab.api_url)).ports()
    except LabError as error:
        lines.append(f"ports  unknown: {error}")
        return lines, False
    for port in ports:
        facts = (port["status"], port["fixed_ips"][0]["ip_address"], port["mac_address"])
        where = f", {lab.homes[port['name']]}" if lab.chassis > 1 else ""
        lines.append(f"{port['name']:6} {', '.join(facts)}, port {port['id']}{where}")
        healthy = healthy and port["status"] == "ACTIVE"
    used = " and ".join(f"{_used_mib(node)} MiB" for node in lab.nodes)
    lines.append(f"guest  {used} of {lab.memory_mib} MiB used")
    lines += [f"logs   netem-lab exec {node} -- ls {LOG_FOLDER}" for node in lab.nodes]
    return lines, healthy and len(ports) == len(NAMES)


def _used_mib(node: str) -> int:
    sizes_kib = {}
    for line in remote.run(node, ["cat", "/proc/meminfo"]).stdout.splitlines():
        name, size, *_ = line.split()
        sizes_kib[name] = int(size)
    return (sizes_kib["MemTotal:"] - sizes_kib["MemAvailable:"]) // 1024
