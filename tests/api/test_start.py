# SPDX-License-Identifier: Apache-2.0
"""The server's errors at start when its configuration does not let it serve our rules."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support import neutron_api


def test_netem_without_qos_says_what_to_set(tmp_path: Path) -> None:
    neutron_api.create_sqlite(tmp_path / "neutron.sqlite")
    conf = neutron_api.configure(tmp_path, service_plugins="netem")
    command = [sys.executable, "-m", neutron_api.__name__, conf, tmp_path / "port"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode != 0
    assert "set service_plugins = qos,netem in neutron.conf" in done.stdout + done.stderr
