# SPDX-License-Identifier: Apache-2.0
"""A thousand links: made from nothing against ``tc -batch``, audited against a raw dump.

Run it in a guest: ``netem-lab run -- .venv/bin/python -m benchmarks.links [COUNT]``. It makes its
devices in a network namespace of its own. Ratios are of one run on one kernel.
"""

from __future__ import annotations

import functools
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Callable, Dict, List, Sequence

from networking_netem.domain.ifb import ifb_name
from networking_netem.domain.impairment import Impairment
from networking_netem.domain.link import Link
from networking_netem.kernel import device, qdisc, redirect
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
REPEATS = 5


def main(count: int) -> None:
    """Print the figures, a line each."""
    subprocess.run(["modprobe", "ifb", "numifbs=0"], check=True)
    names = [f"tap{number:08x}-00" for number in range(count)]
    _batch("ip", [f"link add {name} type dummy" for name in names])
    _batch("ip", [f"link set {name} up" for name in names])

    ours: List[float] = []
    tcs: List[float] = []
    for _ in range(REPEATS):
        sender = Sender()
        reconciler = Reconciler(Host(sender.transact), NoSwitch(), Budget(1 << 40))
        for name in names:
            reconciler.want(name, LINK)
        ours.append(_seconds(functools.partial(reconciler.reconcile, names)))
        _clear(names)
        tcs.append(_seconds(lambda: _by_tc(names)))
        _clear(names)
    reconciler.reconcile(names)
    _say(f"{count} links from nothing, ours", ours, count)
    _say(f"{count} links from nothing, tc -batch", tcs, count)
    print(f"ratio to tc -batch: {statistics.median(ours) / statistics.median(tcs):.2f}")

    audits = [_seconds(reconciler.audit) for _ in range(REPEATS)]
    dumps = [_seconds(functools.partial(_raw_dump, names)) for _ in range(REPEATS)]
    _say(f"audit of {count} links with nothing to do", audits, count)
    _say("raw dump of the same, undecoded", dumps, count)
    print(f"ratio to a raw dump: {statistics.median(audits) / statistics.median(dumps):.2f}")

    sender.messages = sender.sends = 0
    reconciler.want(names[0], EDITED)
    edit = _seconds(lambda: reconciler.reconcile(names[:1]))
    print(f"one edit: {sender.messages} message in {sender.sends} send, {edit * 1e3:.1f} ms")


def _by_tc(names: Sequence[str]) -> None:
    """Make the same qdiscs by iproute2."""
    _batch("ip", [f"link add {ifb_name(name)} up type ifb" for name in names])
    lines = []
    for name in names:
        ways = ((ifb_name(name), "100ms loss 10%", "10mbit", 12500, 125000),
                (name, "30ms loss 1%", "20mbit", 25000, 250000))  # fmt: skip
        for where, impairment, rate, burst, queue in ways:
            lines += [
                f"qdisc add dev {where} root handle 4e45: tbf rate 100gbit burst 1mb "
                "peakrate 200gbit mtu 1600 limit 100mb",
                f"qdisc add dev {where} parent 4e45:1 handle 4e46: netem limit 3000 "
                f"delay {impairment} rate 100gbit",
                f"qdisc add dev {where} parent 4e46:1 handle 4e47: bfifo limit {queue}",
                f"qdisc change dev {where} root handle 4e45: tbf rate {rate} burst {burst} "
                "peakrate 200gbit mtu 1600 limit 100mb",
            ]
        lines += [
            f"qdisc add dev {name} clsact",
            f"filter add dev {name} ingress prio 20037 handle 1 matchall "
            f"action mirred egress redirect dev {ifb_name(name)}",
        ]
    _batch("tc", lines)


def _clear(names: Sequence[str]) -> None:
    _batch("tc", [f"qdisc del dev {name} clsact" for name in names])
    _batch("tc", [f"qdisc del dev {name} root" for name in names])
    _batch("ip", [f"link del {ifb_name(name)}" for name in names])


def _raw_dump(names: Sequence[str]) -> None:
    """Receive all that an audit needs, without decoding it."""
    with Netlink() as netlink:
        netlink.dump(device.RTM_GETLINK, device.dump_body())
        netlink.dump(qdisc.RTM_GETQDISC, qdisc.dump_body())
        netlink.ask([redirect.get(socket.if_nametoindex(name)) for name in names])


def _batch(program: str, lines: Sequence[str]) -> None:
    with tempfile.NamedTemporaryFile("w") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        subprocess.run([program, "-batch", file.name], check=True, stdout=subprocess.DEVNULL)


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _say(what: str, seconds: Sequence[float], count: int) -> None:
    figures: Dict[str, float] = {
        "median": statistics.median(seconds), "least": min(seconds), "most": max(seconds),
    }  # fmt: skip
    text = ", ".join(f"{name} {value * 1e3:.0f} ms" for name, value in figures.items())
    each_us = statistics.median(seconds) / count * 1e6
    print(f"{what}: {text}, n = {len(seconds)}, {each_us:.0f} us each")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
