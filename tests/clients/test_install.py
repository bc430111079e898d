# SPDX-License-Identifier: Apache-2.0
"""`pip install networking-netem[client]` installs all that the client needs."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

from packaging.utils import canonicalize_name

from tests.clients.environments import REPO, ensure

NOT_THE_CLIENT_S = {"neutron", "neutron-lib", "pyroute2", "oslo-privsep", "os-ken", "sqlalchemy"}


def test_the_client_installs_alone() -> None:
    """The environment `newest` was empty before pip installed the extra in it."""
    (site,) = ensure("newest").glob("lib/python3*/site-packages")
    names = {canonicalize_name(each.name) for each in metadata.distributions(path=[str(site)])}
    assert {"networking-netem", "python-neutronclient", "python-openstackclient"} <= names
    assert not names & NOT_THE_CLIENT_S


def test_the_wheel_holds_the_clients_and_their_data(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", tmp_path, REPO]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    client = REPO / "networking_netem/client"
    expected = {*client.rglob("*.py"), *client.rglob("*.json")}
    assert {str(each.relative_to(REPO)) for each in expected} <= held
