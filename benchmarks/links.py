# SPDX-License-Identifier: Apache-2.0
"""A host with many links: devices, the engine over them, and iproute2's way to the same."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import time
from typing import Callable, List, Sequence

from networking_netem.domain.ifb import ifb_name
from networking_netem.domain.impairment import Impairment
from networking_netem.domain.link import Direction, Link
from networking_netem.domain.plan import plan
from networking_netem.kernel import device, passes, qdisc, redirect
from networking_netem.kernel.host import Host
from networking_netem.kernel.netlink import Netlink
from networking_netem.reconcile.budget import Budget
from networking_netem.reconcile.reconciler import Reconciler
from tests.kernel.alone import NoSwitch, Sender

LINK = Link(
    egress=Impairment(delay_us=100_000, loss_ppm=100_000, rate_kbps=10_000),
    ingress=Impairment(delay_us=30_000, loss_ppm=10_000, rate_kbps=20_000),
)
EDITED = Link(egress=Impairment(101_000, 0, 100_000, 10_000), ingress=LINK.ingress)

_GROUP = 77


class Links:
    """As many devices, without links at first; ``close`` removes all."""

    def __init__(self, count: int) -> None:
        self.names = [f"tap{number:08x}-00" for number in range(count)]
        batch("ip", [f"link add {name} up type dummy" for name in self.names])
        self.restart()

    def restart(self) -> None:
        """Another agent, that knows nothing."""
        self.sender = Sender()
        self.reconciler = Reconciler(Host(self.sender.transact), NoSwitch(), Budget(1 << 40))

    def make(self) -> float:
        """Have the engine make all links; return the seconds."""
        return seconds(lambda: self.want(LINK))

    def make_by_tc(self) -> float:
        """Have iproute2 make the same qdiscs and filters; return the seconds."""
        return seconds(lambda: _by_tc(self.names))

    def start_again(self) -> float:
        """Start another agent that is told of every port, as Neutron does; return the seconds."""

        def start() -> None:
            self.restart()
            self.reconciler.audit()
            self.want(LINK)

        return seconds(start)

    def edit(self) -> float:
        """Edit one link back and forth; return the seconds of one edit."""
        name = self.names[len(self.names) // 2]
        link = EDITED if self.reconciler.link(name) == LINK else LINK

        def edit() -> None:
            self.reconciler.want(name, link)
            self.reconciler.reconcile_due()

        return seconds(edit)

    def audit(self) -> float:
        """Look at all links; return the seconds."""
        return seconds(self.reconciler.audit)

    def dump(self) -> float:
        """Receive all that an audit needs, without decoding it; return the seconds."""
        return seconds(lambda: _raw_dump(self.names))

    def want(self, link: Link) -> None:
        for name in self.names:
            self.reconciler.want(name, link)
        self.reconciler.reconcile_due()

    def clear(self) -> None:
        """Remove all links, by iproute2."""
        batch("tc", [f"qdisc del dev {name} clsact" for name in self.names])
        delete([ifb_name(name, way) for name in self.names for way in Direction])
        self.restart()

    def close(self) -> None:
        self.clear()
        delete(self.names)


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def batch(program: str, lines: Sequence[str]) -> None:
    with tempfile.NamedTemporaryFile("w") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        subprocess.run([program, "-batch", file.name], check=True, stdout=subprocess.DEVNULL)


def delete(devices: Sequence[str]) -> None:
    """Delete devices together: one by one, the kernel waits for its readers after each."""
    batch("ip", [f"link set dev {device} group {_GROUP}" for device in devices])
    subprocess.run(["ip", "link", "delete", "group", str(_GROUP)], check=True)


def _by_tc(names: Sequence[str]) -> None:
    ways = [(name, way, ifb_name(name, way)) for name in names for way in Direction]
    batch("ip", [f"link add {ifb} up type ifb" for _, _, ifb in ways])
    lines: List[str] = []
    for name, way, ifb in ways:
        if way is Direction.EGRESS:
            impairment, rate, burst, queue = "100ms loss 10%", "10mbit", 12500, 125000
            lines.append(f"qdisc add dev {name} clsact")
        else:
            impairment, rate, burst, queue = "30ms loss 1%", "20mbit", 25000, 250000
        hook = "ingress" if way is Direction.EGRESS else "egress"
        lines += [
            f"qdisc add dev {ifb} root handle 4e45: tbf rate 100gbit burst 1mb "
            "peakrate 200gbit mtu 1600 limit 100mb",
            f"qdisc add dev {ifb} parent 4e45:1 handle 4e46: netem limit 3000 "
            f"delay {impairment} rate 100gbit",
            f"qdisc add dev {ifb} parent 4e46:1 handle 4e47: bfifo limit {queue}",
            f"qdisc change dev {ifb} root handle 4e45: tbf rate {rate} burst {burst} "
            "peakrate 200gbit mtu 1600 limit 100mb",
            f"filter add dev {name} {hook} prio 20036 handle 1 bpf bytecode '{_bytecode(way)}' "
            "action police rate 64kbit burst 32k conform-exceed continue/ok",
            f"filter add dev {name} {hook} prio 20037 handle 1 matchall "
            f"action mirred egress redirect dev {ifb}",
        ]
    batch("tc", lines)


def _bytecode(way: Direction) -> str:
    """Our program of protected traffic as tc reads it."""
    exempt = plan(LINK)[way].passes
    assert exempt
    lines = [" ".join(map(str, instruction)) for instruction in exempt.program]
    return f"{len(lines)},{','.join(lines)},"


def _raw_dump(names: Sequence[str]) -> None:
    with Netlink() as netlink:
        netlink.dump(device.RTM_GETLINK, device.dump_body())
        netlink.dump(qdisc.RTM_GETQDISC, qdisc.dump_body())
        indexes = [socket.if_nametoindex(name) for name in names]
        places = [(index, way) for index in indexes for way in Direction]
        netlink.ask([ask(*place) for place in places for ask in (redirect.get, passes.get)])
