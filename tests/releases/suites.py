# SPDX-License-Identifier: Apache-2.0
"""The distributions that carry the releases of OpenStack which we serve."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Suite:
    """A suite of Debian and the release in it."""

    name: str
    release: str
    neutron_major: int


SUITES = {
    suite.name: suite
    for suite in (
        Suite("bullseye", "Victoria", 17),
        Suite("bookworm", "Zed", 21),
        Suite("trixie", "2025.1 Epoxy", 26),
        Suite("forky", "2026.1", 28),
        Suite("sid", "2026.2", 29),
    )
}
