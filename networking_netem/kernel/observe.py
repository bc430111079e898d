# SPDX-License-Identifier: Apache-2.0
"""What the kernel holds, asked anew each time; needs no privilege."""

from __future__ import annotations

from typing import Collection, Dict, List, Optional

from networking_netem.domain.diff import IFB_PREFIX, ifb_name
from networking_netem.domain.observed import Foreign, Ifb, Observed, ObservedTree
from networking_netem.domain.qdisc import Fifo, Netem, Tbf
from networking_netem.kernel import device, qdisc, redirect
from networking_netem.kernel.device import Device
from networking_netem.kernel.netlink import DumpInterrupted, Netlink
from networking_netem.kernel.qdisc import Found

ATTEMPTS = 10


def observe(netlink: Netlink, names: Collection[str]) -> Dict[str, Observed]:
    """What each of the named devices holds; devices that do not exist are left out.

    Raises ``DumpInterrupted`` when the kernel's tables never stand still, ``OSError`` on refusal.
    """
    for _ in range(ATTEMPTS - 1):
        try:
            return _observe(netlink, names)
        except DumpInterrupted:
            continue
    return _observe(netlink, names)


def orphans(netlink: Netlink) -> List[str]:
    """The names of our ifbs whose port has no device any more."""
    devices = _devices(netlink).values()
    ports = {found.name[3:] for found in devices if not _is_our_ifb(found)}
    ours = [found.name for found in devices if _is_our_ifb(found)]
    return [name for name in ours if name[len(IFB_PREFIX) :] not in ports]


def _observe(netlink: Netlink, names: Collection[str]) -> Dict[str, Observed]:
    devices = _devices(netlink)
    qdiscs: Dict[int, List[Found]] = {}
    for body in netlink.dump(qdisc.RTM_GETQDISC, qdisc.dump_body()):
        found = qdisc.parse(body)
        qdiscs.setdefault(found.ifindex, []).append(found)
    return {
        name: _port(netlink, devices[name], devices.get(ifb_name(name)), qdiscs)
        for name in names
        if name in devices
    }


def _port(
    netlink: Netlink, port: Device, ifb: Optional[Device], qdiscs: Dict[int, List[Found]]
) -> Observed:
    present = qdiscs.get(port.ifindex, [])
    has_clsact = any(found.kind == "clsact" for found in present)
    ours, company = None, False
    if has_clsact:
        for body in netlink.dump(redirect.RTM_GETTFILTER, redirect.dump_body(port.ifindex)):
            entry = redirect.parse(body)
            if entry is None:
                continue
            if entry.redirect_ifindex is None:
                company = True
            else:
                ours = entry.redirect_ifindex
    return Observed(
        device=port.name,
        mtu_bytes=port.mtu_bytes,
        tree=_tree(present),
        has_clsact=has_clsact,
        has_clsact_company=company,
        has_ingress_qdisc=any(found.kind == "ingress" for found in present),
        redirect_ifindex=ours,
        ifb=Ifb(ifb.ifindex, ifb.is_up, _tree(qdiscs.get(ifb.ifindex, [])))
        if ifb and _is_our_ifb(ifb)
        else None,
    )


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


def _is_our_ifb(found: Device) -> bool:
    return found.kind == "ifb" and found.name.startswith(IFB_PREFIX)
