# SPDX-License-Identifier: Apache-2.0
"""The distributions that carry the releases of OpenStack which we serve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Tuple

API_AND_RPC = ("neutron-api", "neutron-rpc-server")
ONE_SERVER = ("neutron-server",)
MAINTENANCE = "neutron-ovn-maintenance-worker"
"""A service of its own where the API runs under uWSGI; a part of `neutron-server` otherwise."""
_OVN = ("ovn-central", "ovn-host")


@dataclass(frozen=True)
class Suite:
    """A suite of Debian, the release in it, and the services that are its Neutron server.

    ``ovn`` are the packages of OVN and what Neutron has beside it; none where the suite has no OVN.
    """

    name: str
    release: str
    neutron_major: int
    server: Tuple[str, ...] = API_AND_RPC
    ovn: Tuple[str, ...] = ()

    @property
    def maintenance(self) -> str:
        """The service that has the maintenance worker of Neutron's OVN driver."""
        return MAINTENANCE if MAINTENANCE in self.ovn else self.server[0]


SUITES = {
    suite.name: suite
    for suite in (
        Suite("bullseye", "Victoria", 17),
        # Under uWSGI its thread for pushes to agents does not run (Neutron 21, with and without our
        # package; https://bugs.launchpad.net/neutron/+bug/2077790); 26 has none.
        Suite("bookworm", "Zed", 21, ONE_SERVER, ovn=_OVN),
        Suite("trixie", "2025.1 Epoxy", 26, ovn=(*_OVN, MAINTENANCE)),
        Suite("forky", "2026.1", 28),
        Suite("sid", "2026.2", 29, ovn=(*_OVN, MAINTENANCE)),
    )
}
