# SPDX-License-Identifier: Apache-2.0
"""The distributions that carry the releases of OpenStack which we serve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Tuple

API_AND_RPC = ("neutron-api", "neutron-rpc-server")
ONE_SERVER = ("neutron-server",)


@dataclass(frozen=True)
class Suite:
    """A suite of Debian, the release in it, and the services that are its Neutron server."""

    name: str
    release: str
    neutron_major: int
    server: Tuple[str, ...] = API_AND_RPC


SUITES = {
    suite.name: suite
    for suite in (
        Suite("bullseye", "Victoria", 17),
        # Under uWSGI its thread for pushes to agents does not run (Neutron 21, with and without our
        # package; https://bugs.launchpad.net/neutron/+bug/2077790); 26 has none.
        Suite("bookworm", "Zed", 21, ONE_SERVER),
        Suite("trixie", "2025.1 Epoxy", 26),
        Suite("forky", "2026.1", 28),
        Suite("sid", "2026.2", 29),
    )
}
