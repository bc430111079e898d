# SPDX-License-Identifier: Apache-2.0
"""The release's own tests of QoS pass in a process that knows our rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from netem_lab.guest.uml import SOURCE
from tests.releases import image
from tests.releases.chroot import Chroot
from tests.releases.cloud import Cloud


def test_stock_rules_are_as_before(
    cloud: Cloud, folder_on_tmpfs: Path, request: pytest.FixtureRequest
) -> None:
    """What these tests need beside Neutron is on a host of their own."""
    host = Chroot(image.path(cloud.suite), folder_on_tmpfs)
    host.show(SOURCE)
    host.output("sh", "-c", f"dpkg --install {image.MORE}/*.deb")
    short = () if request.config.getoption("--neutrons-own") == "all" else ("--short",)
    said = host.output("env", "-C", SOURCE, "python3", "-B", "-m", "tests.neutron", *short)
    print(said.strip().splitlines()[-1])
