# SPDX-License-Identifier: Apache-2.0
"""The options of the server's configuration file, section ``[netem]``."""

from __future__ import annotations

from typing import List, Tuple

from oslo_config import cfg

GROUP = "netem"

OPTIONS: List[cfg.Opt] = [
    cfg.IntOpt(
        "least_step_ms",
        default=100,
        min=10,
        max=60_000,
        help="The least time in milliseconds between two steps of a timeline rule. All hosts of "
        "the cloud follow them, so this bounds what a tenant can ask of a host.",
    ),
]


def list_opts() -> List[Tuple[str, List[cfg.Opt]]]:
    """The options, as oslo-config-generator asks for them."""
    return [(GROUP, OPTIONS)]
