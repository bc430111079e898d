# SPDX-License-Identifier: Apache-2.0
"""The program that measures in the node: argv has stages in JSON, stdout one event in JSON a line.

Where the VMs are in two guests, one runs in each, with the same stages. The one in the second is
started first, with the address where it is to listen; its first event has the port. The one in the
first gets address and port. It leads: all other events are its.

Python imports slowly in the guest, so this imports little, and only from the standard library.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence

from netem_lab.probe import endpoint, peer
from netem_lab.probe.datagrams import exchange
from netem_lab.probe.endpoint import Endpoint
from netem_lab.probe.findings import Findings
from netem_lab.probe.flow import Datagrams, Flow, Key, NetemCount, Transfer
from netem_lab.probe.peer import Alone
from netem_lab.probe.transfer import NOTHING, Carried, transfer

_PRIORITY = 10


def main() -> None:
    """Run the stages in `argv[1]` one after the other, the flows of each at the same time."""
    _hurry()
    stages, *where = sys.argv[1:]
    other = _other(*where)
    find = lru_cache(maxsize=None)(endpoint.find)
    for stage in json.loads(stages):
        flows = [_flow(spec) for spec in stage]
        for flow in flows:
            if isinstance(flow, Transfer):
                _carry(flow, find, other)
        datagrams = [flow for flow in flows if isinstance(flow, Datagrams)]
        if datagrams:
            _exchange(datagrams, find, other)
    other.swap("end", True, None)  # who went before would take what was told with him


def _other(*where: str) -> Alone:
    """The probe in the other guest, which is told by an address to listen at, or to connect to."""
    if len(where) == 1:
        server = peer.listen(where[0])
        _say({"port": server.getsockname()[1]})
        return peer.accept(server)
    _say({"pid": os.getpid()})
    return peer.connect(where[0], int(where[1])) if where else Alone()


def _flow(spec: Dict[str, Any]) -> Flow:
    """Return the flow that its JSON object describes."""
    made = Transfer if "duration_s" in spec else Datagrams
    return made(**{**spec, "key": Key(*spec["key"])})


def _carry(flow: Transfer, find: Callable[[str], Endpoint], other: Alone) -> None:
    carried = transfer(flow, find, _progress([flow.key], other), other)
    theirs = Carried(*other.handed_in("carried", carried, NOTHING))
    if other.leads:
        _say({"flow": flow.key, "goodput": asdict(carried.joined(theirs).goodput)})


def _exchange(flows: Sequence[Datagrams], find: Callable[[str], Endpoint], other: Alone) -> None:
    offset = other.offset()
    before = _counts(flows, other)
    ours = exchange(flows, find, _progress([flow.key for flow in flows], other), other)
    after = _counts(flows, other)
    theirs = other.handed_in("findings", ours.encode(), Findings().encode())
    if not other.leads:
        return
    found = ours.joined(Findings.decode(theirs), offset.ahead_ns)
    for sample, flow, early, late in zip(found.samples(flows, offset), flows, before, after):
        netem = late.since(early) if early and late else None
        _say({"flow": flow.key, "sample": asdict(replace(sample, netem=netem))})


def _counts(flows: Sequence[Datagrams], other: Alone) -> List[Optional[NetemCount]]:
    """The counts of the netems on the flows' devices, which are where the probe that leads is."""
    devices = [flow.netem_device if other.leads else None for flow in flows]
    return [_count(device) if device else None for device in devices]


def _count(device: str) -> NetemCount:
    """The counts of the netem on a device."""
    argv = ["tc", "-s", "-j", "qdisc", "show", "dev", device]
    found = json.loads(subprocess.run(argv, check=True, stdout=subprocess.PIPE).stdout)
    netems = [qdisc for qdisc in found if qdisc["kind"] == "netem"]
    if not netems:
        sys.exit(f"no netem on device {device}")
    return NetemCount(sum(q["packets"] for q in netems), sum(q["drops"] for q in netems))


def _hurry() -> None:
    """Run ksoftirqd, and then the probe, before all other processes of the guest.

    ksoftirqd runs the softirqs that are left to it when it is scheduled (kernel/softirq.c, Linux
    6.1). At its normal priority it waits for Neutron, and packets are tens of milliseconds late.
    """
    _set_priority(0, _PRIORITY)
    for comm in Path("/proc").glob("[0-9]*/comm"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has ended
            if comm.read_text().startswith("ksoftirqd/"):
                _set_priority(int(comm.parent.name), _PRIORITY + 1)


def _set_priority(pid: int, priority: int) -> None:
    policy = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
    os.sched_setscheduler(pid, policy, os.sched_param(priority))


def _progress(keys: Sequence[Key], other: Alone) -> Callable[[float], None]:
    def say(done: float) -> None:
        if other.leads:
            _say({"progress": done, "flows": list(keys)})

    return say


def _say(event: Dict[str, Any]) -> None:
    print(json.dumps(event), flush=True)


if __name__ == "__main__":
    main()
