# SPDX-License-Identifier: Apache-2.0
"""One change of the kernel. Every step is total: it gives all settings of what it makes or changes.

``device`` is the device that the step changes: a port's own, or its ifb.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Union

from networking_netem.domain.qdisc import Qdisc


@dataclass(frozen=True)
class AddQdisc:
    """Put a qdisc of ours where there is none."""

    device: str
    qdisc: Qdisc


@dataclass(frozen=True)
class ChangeQdisc:
    """Change a qdisc of ours in place; what it holds stays in it."""

    device: str
    qdisc: Qdisc


@dataclass(frozen=True)
class DeleteTree:
    """Remove our root qdisc and all below it."""

    device: str


@dataclass(frozen=True)
class DeleteLegacy:
    """Remove the root qdisc that an earlier version left; it has this handle."""

    device: str
    handle: int


@dataclass(frozen=True)
class AddIfb:
    """Make an ifb that is up."""

    device: str


@dataclass(frozen=True)
class SetIfbUp:
    """Bring an ifb up."""

    device: str


@dataclass(frozen=True)
class DeleteIfb:
    """Remove an ifb."""

    device: str


@dataclass(frozen=True)
class AddClsact:
    """Add clsact, whose hooks let filters see what a device receives."""

    device: str


@dataclass(frozen=True)
class DeleteClsact:
    """Remove clsact, with all filters on its hooks."""

    device: str


@dataclass(frozen=True)
class AddRedirect:
    """Add the filter that sends all that a device receives through an ifb."""

    device: str
    ifb: str


@dataclass(frozen=True)
class DeleteRedirect:
    """Remove that filter, so what a device receives no longer goes through an ifb."""

    device: str


Step = Union[
    AddQdisc,
    ChangeQdisc,
    DeleteTree,
    DeleteLegacy,
    AddIfb,
    SetIfbUp,
    DeleteIfb,
    AddClsact,
    DeleteClsact,
    AddRedirect,
    DeleteRedirect,
]
