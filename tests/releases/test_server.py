# SPDX-License-Identifier: Apache-2.0
"""The release's own server and database with our package; the contract tests are on its API."""

from __future__ import annotations

from typing import Set

from netem_lab.guest.uml import SOURCE
from tests.releases import image
from tests.releases.cloud import Cloud

VERSIONS = SOURCE / "networking_netem/server/migration/alembic_migrations/versions"
_NAMES = ("seam", "agent_extension", "agent_driver", "switch", "declaration", "replica")
SEAMS = [f"tests/contract/test_{name}.py" for name in _NAMES]


def test_the_release_is_the_one_that_is_said(cloud: Cloud) -> None:
    version = image.version(image.path(cloud.suite), "python3-neutron")
    assert version.split(".")[0] == str(cloud.suite.neutron_major), version


def test_upgrading_again_changes_nothing(cloud: Cloud) -> None:
    def current() -> Set[str]:
        said = cloud.controller.manage("--subproject", "networking-netem", "current")
        return {line.strip() for line in said.splitlines()}  # alembic prints a set

    before = current()
    heads = (VERSIONS / name for name in ("CONTRACT_HEAD", "EXPAND_HEAD"))
    assert {f"{head.read_text().strip()} (head)" for head in heads} < before
    cloud.controller.manage("upgrade", "heads")
    assert current() == before


def test_what_we_rely_on_is_in_this_release(cloud: Cloud) -> None:
    command = ("python3", "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", *SEAMS)
    print(cloud.controller.host.output("env", "-C", SOURCE, *command))
