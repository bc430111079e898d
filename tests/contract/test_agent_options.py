# SPDX-License-Identifier: Apache-2.0
"""What the agent of an OVN chassis says of options that it cannot read."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("text", [None, "[netem\n"], ids=["no file", "no syntax"])
def test_one_line_names_the_file(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "agent.ini"
    if text:
        file.write_text(text)
    argv = [sys.executable, "-W", "ignore", "-m", "networking_netem.agent_ovn.main"]
    done = subprocess.run([*argv, "--config-file", file], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("networking-netem-ovn-agent: ")
    assert str(file) in done.stderr
    assert "Traceback" not in done.stderr
