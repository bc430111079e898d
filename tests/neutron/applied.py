# SPDX-License-Identifier: Apache-2.0
"""A plugin of pytest: Neutron's own tests run in a process that knows our rules."""

from __future__ import annotations

from networking_netem.server import seam

seam.apply()


def pytest_report_header() -> str:
    return "networking-netem: the seam is applied"
