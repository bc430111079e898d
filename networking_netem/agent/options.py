# SPDX-License-Identifier: Apache-2.0
"""The options of the agent's configuration file, section ``[netem]``."""

from __future__ import annotations

import os
from typing import FrozenSet, List, Tuple

from oslo_config import cfg, types

from networking_netem.domain.protect import PROTECTED
from networking_netem.reconcile.budget import SHARE, Budget

GROUP = "netem"

OPTIONS = [
    cfg.FloatOpt(
        "audit_interval_s",
        default=60.0,
        min=1.0,
        help="Seconds between two audits of all ports. The agent repairs announced changes at once."
        " An audit finds changes that the kernel did not announce, and tries kernel modules again "
        "that were missing.",
    ),
    cfg.ListOpt(
        "protect",
        default=sorted(PROTECTED),
        item_type=types.String(choices=sorted(PROTECTED)),
        help="The traffic that no link touches, so that an instance on a dead link keeps its lease "
        "and its neighbours: ARP; neighbour and router discovery of IPv6 (nd); DHCP and DHCPv6 "
        "(dhcp); the metadata service. Up to 64 kbit/s in each direction pass, and no more than a "
        "twentieth of a bandwidth limit; what is above that is impaired as all else. Empty: all "
        "traffic is impaired.",
    ),
    cfg.IntOpt(
        "queue_memory_mib",
        default=0,
        min=0,
        help="The most memory in MiB that packets on delayed links of this host may take. When "
        "that is too little, links get room for fewer packets, and the log names them. A quarter "
        "of it is kept for the first 1000 packets of each direction. When these find no room, a "
        "port gets no delay, jitter or loss, and the log says so. "
        "0: a quarter of the host's memory.",
    ),
    cfg.FloatOpt(
        "queue_memory_share",
        default=SHARE,
        min=0.0,
        max=1.0,
        help="The part of queue_memory_mib that one port may take, both directions together. A "
        "port that needs more loses packets above it. Each direction may hold 1000 packets "
        "whatever the share.",
    ),
]


def list_opts() -> List[Tuple[str, List[cfg.Opt]]]:
    """The options, as oslo-config-generator asks for them."""
    return [(GROUP, OPTIONS)]


def budget(conf: cfg.ConfigOpts) -> Budget:
    """The bound on queue memory: the option, or a quarter of the host's memory where it is 0."""
    memory_bytes = conf[GROUP].queue_memory_mib << 20
    if not memory_bytes:
        memory_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 4
    return Budget(memory_bytes, conf[GROUP].queue_memory_share)


def protected(conf: cfg.ConfigOpts) -> FrozenSet[str]:
    """The traffic that no link touches."""
    return frozenset(conf[GROUP].protect)
