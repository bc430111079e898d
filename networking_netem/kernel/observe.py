# SPDX-License-Identifier: Apache-2.0
"""Asks the kernel what it holds, each time again; needs no privilege."""

from __future__ import annotations

import contextlib
from typing import Callable, Collection, Dict, Iterator, List, NamedTuple, TypeVar

from networking_netem.domain import ifb as ifbs
from networking_netem.domain.ifb import ifb_name
from networking_netem.domain.observed import Foreign, Ifb, Observed, ObservedTree
from networking_netem.domain.qdisc import Fifo, Netem, Tbf
from networking_netem.kernel import device, qdisc, redirect
from networking_netem.kernel.device import Device
from networking_netem.kernel.netlink import DumpInterrupted, Netlink
from networking_netem.kernel.qdisc import Found

ATTEMPTS = 10
"""How often the dumps are made, at most, when they are interrupted."""

Look = TypeVar("Look")


def observe(netlink: Netlink, names: Collection[str]) -> Dict[str, Observed]:
    """What each of the named devices holds; devices that do not exist are left out.

    Raises ``DumpInterrupted`` when each of 10 attempts was interrupted, ``OSError`` on refusal.
    """
    return _uninterrupted(lambda: _observe(netlink, names))


def orphans(netlink: Netlink) -> List[str]:
    """The names of our ifbs whose port's device is gone; raises as ``observe`` does."""
    devices = _uninterrupted(lambda: _devices(netlink)).values()
    ours = [found.name for found in devices if _is_our_ifb(found)]
    return ifbs.orphans(ours, [found.name for found in devices if not _is_our_ifb(found)])


def limits_packets(netlink: Netlink) -> Dict[str, int]:
    """The limit of each netem of ours by the name of the device or ifb that it is on.

    Raises as ``observe`` does.
    """
    return _uninterrupted(lambda: _limits_packets(netlink))


def _limits_packets(netlink: Netlink) -> Dict[str, int]:
    names = {found.ifindex: found.name for found in _devices(netlink).values()}
    return {
        names[found.ifindex]: found.entry.limit_packets
        for found in _qdiscs(netlink)
        if isinstance(found.entry, Netem) and found.ifindex in names
    }


def carriers(netlink: Netlink) -> List[str]:
    """The names of the devices that hold a qdisc or a filter of ours, or have an ifb.

    Raises as ``observe`` does.
    """
    tables = _uninterrupted(lambda: _tables(netlink))
    carrying = {index for index, entries in tables.qdiscs.items() if any(e.entry for e in entries)}
    carrying |= set(tables.redirects)
    names = {found.name for found in tables.devices.values() if _is_our_ifb(found)}
    return [
        found.name
        for found in tables.devices.values()
        if not _is_our_ifb(found) and (found.ifindex in carrying or ifb_name(found.name) in names)
    ]


class _Tables(NamedTuple):
    """The host's devices by name; its qdiscs, and where our filters send to, by index."""

    devices: Dict[str, Device]
    qdiscs: Dict[int, List[Found]]
    redirects: Dict[int, int]


def _tables(netlink: Netlink) -> _Tables:
    """Read them by two dumps and a batch of requests, however many devices there are.

    Each filter is asked for by itself. A dump of actions would list all of them at once, but an
    action outlives its filter.
    """
    devices = _devices(netlink)
    qdiscs: Dict[int, List[Found]] = {}
    for found in _qdiscs(netlink):
        qdiscs.setdefault(found.ifindex, []).append(found)
    hooked = [index for index, entries in qdiscs.items() if _has(entries, "clsact")]
    filters = netlink.ask([redirect.get(index) for index in hooked])
    redirects = {index: redirect.parse(body) for index, body in zip(hooked, filters) if body}
    return _Tables(devices, qdiscs, redirects)


def _observe(netlink: Netlink, names: Collection[str]) -> Dict[str, Observed]:
    """A device with a clsact but no filter of ours costs one dump more than the tables."""
    devices, qdiscs, redirects = _tables(netlink)
    observed = {}
    for name in names:
        port = devices.get(name)
        if port is None:
            continue
        present = qdiscs.get(port.ifindex, [])
        has_clsact = _has(present, "clsact")
        target = redirects.get(port.ifindex)
        ifb = devices.get(ifb_name(name))
        observed[name] = Observed(
            device=name,
            mtu_bytes=port.mtu_bytes,
            tree=_tree(present),
            has_clsact=has_clsact,
            has_clsact_company=target is None
            and has_clsact
            and _has_filters(netlink, port.ifindex),
            has_ingress_qdisc=_has(present, "ingress"),
            redirect_ifindex=target,
            ifb=Ifb(ifb.ifindex, ifb.is_up, _tree(qdiscs.get(ifb.ifindex, [])))
            if ifb and _is_our_ifb(ifb)
            else None,
        )
    return observed


def _uninterrupted(look: Callable[[], Look]) -> Look:
    """Return what `look` returns; raise the last interruption when all attempts had one."""
    for _ in range(ATTEMPTS - 1):
        with contextlib.suppress(DumpInterrupted):
            return look()
    return look()


def _has(entries: List[Found], kind: str) -> bool:
    return any(found.kind == kind for found in entries)


def _has_filters(netlink: Netlink, ifindex: int) -> bool:
    bodies = netlink.dump(redirect.RTM_GETTFILTER, redirect.filters_body(ifindex))
    return any(map(redirect.is_filter, bodies))


def _tree(present: List[Found]) -> ObservedTree:
    entries = {type(found.entry): found.entry for found in present if found.entry}
    root = next((found for found in present if found.parent == qdisc.TC_H_ROOT), None)
    if root and Tbf not in entries:
        return ObservedTree(foreign=None if root.is_default else Foreign(root.kind, root.handle))
    return ObservedTree(
        tbf=entries.get(Tbf),  # type: ignore[arg-type]
        netem=entries.get(Netem),  # type: ignore[arg-type]
        fifo=entries.get(Fifo),  # type: ignore[arg-type]
        backlog_packets=root.backlog_packets if root else 0,
    )


def _devices(netlink: Netlink) -> Dict[str, Device]:
    found = map(device.parse, netlink.dump(device.RTM_GETLINK, device.dump_body()))
    return {entry.name: entry for entry in found}


def _qdiscs(netlink: Netlink) -> Iterator[Found]:
    return map(qdisc.parse, netlink.dump(qdisc.RTM_GETQDISC, qdisc.dump_body()))


def _is_our_ifb(found: Device) -> bool:
    return found.kind == "ifb" and ifbs.is_ifb_name(found.name)
