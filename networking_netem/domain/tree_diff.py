# SPDX-License-Identifier: Apache-2.0
"""The steps that lead from the qdiscs of one device to a tree."""

from __future__ import annotations

from typing import Iterator, Optional, Tuple, Union

from networking_netem.domain.observed import ObservedTree
from networking_netem.domain.qdisc import Qdisc
from networking_netem.domain.step import AddQdisc, ChangeQdisc, DeleteTree, Step
from networking_netem.domain.tree import Tree, opened

Steps = Tuple[Step, ...]


def tree_steps(device: str, wanted: Tree, found: ObservedTree) -> Steps:
    """The steps until a device has a tree; none where another's root is in the way."""
    if found.foreign and not found.foreign.is_legacy:
        return ()
    return _build(device, wanted) if found.tbf is None else _changes(device, wanted, found)


def removal_steps(device: str, found: ObservedTree) -> Steps:
    """The next steps until a device has no tree of ours: it is opened, and goes when empty."""
    if found.tbf is None:
        return ()
    return opening_steps(device, found) if found.holds_packets else (DeleteTree(device),)


def opening_steps(device: str, found: ObservedTree) -> Steps:
    """The steps after which a whole tree passes at once what it holds."""
    assert found.tbf
    return _changes(device, opened(Tree(found.tbf, found.netem, found.fifo)), found)


def _build(device: str, wanted: Tree) -> Steps:
    """The root starts open: TBF makes a bfifo, whose packets are lost when netem replaces it."""
    root = opened(wanted).tbf
    children = [AddQdisc(device, entry) for entry in (wanted.netem, wanted.fifo) if entry]
    closed = (ChangeQdisc(device, wanted.tbf),) if wanted.tbf != root else ()
    return (AddQdisc(device, root), *children, *closed)


def _changes(device: str, wanted: Tree, found: ObservedTree) -> Steps:
    return tuple(
        ChangeQdisc(device, entry) if present else AddQdisc(device, entry)
        for entry, present in differing(wanted, found)
    )


def differing(
    wanted: Tree, found: Union[Tree, ObservedTree]
) -> Iterator[Tuple[Qdisc, Optional[Qdisc]]]:
    """The qdiscs that are to be others, in the order to tell the kernel, and what is there now."""
    pairs: Tuple[Tuple[Optional[Qdisc], Optional[Qdisc]], ...] = (
        (wanted.netem, found.netem),
        (wanted.fifo, found.fifo),
        (wanted.tbf, found.tbf),
    )
    for entry, present in pairs:
        if entry is not None and entry != present:
            yield entry, present
