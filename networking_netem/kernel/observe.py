# SPDX-License-Identifier: Apache-2.0
"""Asks the kernel what it holds, each time again; needs no privilege."""

from __future__ import annotations

import contextlib
from typing import Callable, Collection, Dict, List, NamedTuple, Optional, Tuple, TypeVar

from networking_netem.domain import ifb as ifbs
from networking_netem.domain.ifb import ifb_name, ifb_names
from networking_netem.domain.link import Direction
from networking_netem.domain.observed import Foreign, Ifb, Observed, ObservedTree, Way
from networking_netem.domain.qdisc import Fifo, Netem, Tbf
from networking_netem.kernel import qdisc, tables
from networking_netem.kernel.device import Device
from networking_netem.kernel.netlink import DumpInterrupted, Netlink
from networking_netem.kernel.qdisc import Found
from networking_netem.kernel.tables import NO_FILTERS, Filters, Tables

ATTEMPTS = 10
"""How often the dumps are made, at most, when they are interrupted."""

MOST_ASKED = 16
"""More devices than these are found in dumps of the host."""

Result = TypeVar("Result")


class WayFacts(NamedTuple):
    """What the kernel answered of one direction; the qdiscs are those of its ifb."""

    filters: Filters
    ifb: Optional[Device]
    qdiscs: List[Found]


class Facts(NamedTuple):
    """What the kernel answered of one device; what is observed follows from it alone."""

    port: Device
    qdiscs: List[Found]
    egress: WayFacts
    ingress: WayFacts


Looks = Dict[str, Tuple[Facts, Observed]]
"""What was made of the kernel's answers, by device."""


def look(netlink: Netlink, names: Collection[str], before: Optional[Looks] = None) -> Looks:
    """What each of the named devices holds; devices that do not exist are left out.

    A few devices are asked for singly, many are found in dumps of the host. The kernel is asked
    anew each time; where it answers as ``before``, the object is the same. Raises
    ``DumpInterrupted`` when each of 10 attempts was interrupted, ``OSError`` on refusal.
    """
    return _uninterrupted(lambda: _look(netlink, names, before or {}))


def observe(netlink: Netlink, names: Collection[str]) -> Dict[str, Observed]:
    """What each of the named devices holds, as ``look``."""
    return {name: observed for name, (_, observed) in look(netlink, names).items()}


def orphans(netlink: Netlink) -> List[str]:
    """The names of our ifbs whose port's device is gone; raises as ``observe`` does."""
    devices = _uninterrupted(lambda: tables.devices(netlink))
    ours = [found.name for found in devices if _is_our_ifb(found)]
    return ifbs.orphans(ours, [found.name for found in devices if not _is_our_ifb(found)])


def limits_packets(netlink: Netlink) -> Dict[str, int]:
    """The limit of each netem of ours by the name of the device or ifb that it is on.

    Raises as ``observe`` does.
    """
    return _uninterrupted(lambda: _limits_packets(netlink))


def carriers(netlink: Netlink) -> List[str]:
    """The names of the devices that hold a qdisc or a filter of ours, or have an ifb.

    Raises as ``observe`` does.
    """
    seen = observe(netlink, traces(netlink))
    return [name for name, observed in seen.items() if observed.is_ours]


def traces(netlink: Netlink) -> List[str]:
    """The names of the devices that may hold something of ours: they have a hook, or an ifb.

    No filter is asked for. Raises as ``observe`` does.
    """
    return _uninterrupted(lambda: _traces(netlink))


def _traces(netlink: Netlink) -> List[str]:
    devices = tables.devices(netlink)
    held = {
        found.ifindex
        for found in tables.qdiscs(netlink)
        if found.entry or found.parent == qdisc.TC_H_CLSACT
    }
    names = {found.name for found in devices}
    return [
        found.name
        for found in devices
        if not _is_our_ifb(found)
        and (found.ifindex in held or not names.isdisjoint(ifb_names(found.name)))
    ]


def _limits_packets(netlink: Netlink) -> Dict[str, int]:
    names = {found.ifindex: found.name for found in tables.devices(netlink)}
    return {
        names[found.ifindex]: found.entry.limit_packets
        for found in tables.qdiscs(netlink)
        if isinstance(found.entry, Netem) and found.ifindex in names
    }


def _look(netlink: Netlink, names: Collection[str], before: Looks) -> Looks:
    seen = (tables.asked if len(names) <= MOST_ASKED else tables.dumped)(netlink, names)
    looks: Looks = {}
    for name in names:
        if name in seen.devices:
            facts = _facts(seen, seen.devices[name])
            known = before.get(name)
            looks[name] = known if known and known[0] == facts else (facts, _observed(facts))
    return looks


def _facts(seen: Tables, port: Device) -> Facts:
    return Facts(
        port,
        seen.qdiscs.get(port.ifindex, []),
        _way_facts(seen, port, Direction.EGRESS),
        _way_facts(seen, port, Direction.INGRESS),
    )


def _way_facts(seen: Tables, port: Device, direction: Direction) -> WayFacts:
    filters = seen.filters.get((port.ifindex, direction), NO_FILTERS)
    ifb = seen.devices.get(ifb_name(port.name, direction))
    if ifb is None or not _is_our_ifb(ifb):
        return WayFacts(filters, None, [])
    return WayFacts(filters, ifb, seen.qdiscs.get(ifb.ifindex, []))


def _observed(facts: Facts) -> Observed:
    hook, egress, ingress = tables.hook_kind(facts.qdiscs), facts.egress, facts.ingress
    # A qdisc `ingress` answers for both parents with the filters of its one hook
    # (ingress_tcf_block of net/sched/sch_ingress.c, Linux 6.1).
    if hook == "ingress":
        ingress = ingress._replace(filters=NO_FILTERS)
    noted = [last.is_hook_foreign for last, *_ in (egress.filters, ingress.filters) if last]
    # Without a filter that notes it, an ifb of ours tells that we were here.
    has_trace = bool(egress.ifb or ingress.ifb)
    return Observed(
        device=facts.port.name,
        mtu_bytes=facts.port.mtu_bytes,
        root=_tree(facts.qdiscs),
        hook=hook,
        is_hook_foreign=bool(hook) and (any(noted) if noted else not has_trace),
        egress=_way(egress),
        ingress=_way(ingress),
    )


def _way(facts: WayFacts) -> Way:
    (last, passing, selecting), ifb = facts.filters, facts.ifb
    return Way(
        redirect_ifindex=last.redirect_ifindex if last else None,
        police=last.police if last else None,
        is_first=last.is_first if last else False,
        unshares=last.unshares if last else False,
        passes=passing,
        selected=selecting,
        ifb=Ifb(ifb.ifindex, ifb.is_up, _tree(facts.qdiscs)) if ifb else None,
    )


def _uninterrupted(ask: Callable[[], Result]) -> Result:
    """Return what `ask` returns; raise the last interruption when all attempts had one."""
    for _ in range(ATTEMPTS - 1):
        with contextlib.suppress(DumpInterrupted):
            return ask()
    return ask()


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


def _is_our_ifb(found: Device) -> bool:
    return found.kind == "ifb" and ifbs.is_ifb_name(found.name)
