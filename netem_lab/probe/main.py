# SPDX-License-Identifier: Apache-2.0
"""The program that measures in the node: argv has stages in JSON, stdout one event in JSON a line.

Python imports slowly in the guest, so this imports little, and only from the standard library.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from dataclasses import asdict, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence

from netem_lab.probe import endpoint
from netem_lab.probe.datagrams import exchange
from netem_lab.probe.endpoint import Endpoint
from netem_lab.probe.flow import Datagrams, Flow, Key, NetemCount, Sample, Transfer
from netem_lab.probe.transfer import transfer

_PRIORITY = 10


def main() -> None:
    """Run the stages in `argv[1]` one after the other, the flows of each at the same time."""
    _hurry()
    _say({"pid": os.getpid()})
    find = lru_cache(maxsize=None)(endpoint.find)
    for stage in json.loads(sys.argv[1]):
        flows = [_flow(spec) for spec in stage]
        transfers = [flow for flow in flows if isinstance(flow, Transfer)]
        datagrams = [flow for flow in flows if isinstance(flow, Datagrams)]
        for connection in transfers:
            goodput = transfer(connection, find, partial(_progress, [connection.key]))
            _say({"flow": connection.key, "goodput": asdict(goodput)})
        if datagrams:
            for flow, sample in zip(datagrams, _accounted(datagrams, find)):
                _say({"flow": flow.key, "sample": asdict(sample)})


def _flow(spec: Dict[str, Any]) -> Flow:
    """Return the flow that its JSON object describes."""
    made = Transfer if "duration_s" in spec else Datagrams
    return made(**{**spec, "key": Key(*spec["key"])})


def _accounted(flows: Sequence[Datagrams], find: Callable[[str], Endpoint]) -> List[Sample]:
    """Return the samples of `flows`, with netem's counts where a flow has a `netem_device`."""
    before = [_count(flow) for flow in flows]
    samples = exchange(flows, find, partial(_progress, [flow.key for flow in flows]))
    after = [_count(flow) for flow in flows]
    return [
        replace(sample, netem=late.since(early)) if early and late else sample
        for sample, early, late in zip(samples, before, after)
    ]


def _count(flow: Datagrams) -> Optional[NetemCount]:
    """Return the counts of the netem on the flow's device, or None without a device."""
    if not flow.netem_device:
        return None
    argv = ["tc", "-s", "-j", "qdisc", "show", "dev", flow.netem_device]
    found = json.loads(subprocess.run(argv, check=True, stdout=subprocess.PIPE).stdout)
    netems = [qdisc for qdisc in found if qdisc["kind"] == "netem"]
    if not netems:
        sys.exit(f"no netem on device {flow.netem_device}")
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


def _progress(keys: Sequence[Key], done: float) -> None:
    _say({"progress": done, "flows": list(keys)})


def _say(event: Dict[str, Any]) -> None:
    print(json.dumps(event), flush=True)


if __name__ == "__main__":
    main()
