# SPDX-License-Identifier: Apache-2.0
"""The options of the agent's configuration file, section ``[netem]``."""

from __future__ import annotations

import os
from typing import List, Tuple

from oslo_config import cfg

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
    cfg.IntOpt(
        "queue_memory_mib",
        default=0,
        min=0,
        help="The most memory in MiB that packets on delayed links of this host may take. When "
        "that is too little, links get room for fewer packets, and the log names them. "
        "0: a quarter of the host's memory.",
    ),
]


def list_opts() -> List[Tuple[str, List[cfg.Opt]]]:
    """The options, as oslo-config-generator asks for them."""
    return [(GROUP, OPTIONS)]


def queue_memory_bytes(conf: cfg.ConfigOpts) -> int:
    """The bound on queue memory: the option, or a quarter of the host's memory where it is 0."""
    configured: int = conf[GROUP].queue_memory_mib
    if configured:
        return configured << 20
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 4
