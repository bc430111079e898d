# SPDX-License-Identifier: Apache-2.0
"""The options of the agent that are not Neutron's own for OVN."""

from __future__ import annotations

from typing import List, Tuple

from oslo_config import cfg

GROUP = "ovs"
"""That of Neutron's agents on a chassis, so their configuration file will do (17 to 29)."""

OPTIONS = [
    cfg.StrOpt(
        "ovsdb_connection",
        default="unix:/run/openvswitch/db.sock",
        help="Where Open vSwitch's database of this chassis is.",
    ),
    cfg.IntOpt(
        "ovsdb_connection_timeout",
        default=180,
        min=1,
        help="Seconds after which a transaction with Open vSwitch's database has failed.",
    ),
]


def list_opts() -> List[Tuple[str, List[cfg.Opt]]]:
    """The options, as oslo-config-generator asks for them."""
    return [(GROUP, OPTIONS)]
