# SPDX-License-Identifier: Apache-2.0
"""An error is one line, and leaves nothing on the host."""

from __future__ import annotations

import os
import socket
import tempfile
import uuid
from pathlib import Path
from typing import Iterator, Sequence

import pytest

from tests.integration.netem_lab import netem_lab
from tests.integration.traces import traces

# A folder for scripts that the guest sees too.
_SOURCE = Path(__file__).parents[2]


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """The folder of a lab that is not up; it must not exist after the test."""
    folder = f"/tmp/netem-lab-{uuid.uuid4()}"
    yield folder
    assert traces(folder) == []


@pytest.mark.parametrize("arguments", [("down",), ("status",), ("exec", "vm1", "--", "true")])
def test_without_a_lab(elsewhere: str, arguments: Sequence[str]) -> None:
    done = netem_lab(*arguments, env={"NETEM_LAB_FOLDER": elsewhere})
    message = "netem-lab: no lab is up: start it with `netem-lab up`\n"
    assert (done.returncode, done.stderr) == (1, message)


def test_a_taken_port(elsewhere: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        done = netem_lab("up", "--port", str(port), env={"NETEM_LAB_FOLDER": elsewhere})
    message = f"cannot listen on 127.0.0.1:{port}: Address already in use; take another with --port"
    assert (done.returncode, done.stderr) == (1, f"netem-lab: {message}\n")


@pytest.mark.parametrize("arguments", [("up",), ("down",), ("run", "--", "true")])
def test_without_root(elsewhere: str, arguments: Sequence[str]) -> None:
    # In a user namespace without a map of users, geteuid(2) is not 0.
    done = netem_lab(*arguments, env={"NETEM_LAB_FOLDER": elsewhere}, wrapper=["unshare", "--user"])
    (line,) = done.stderr.splitlines()
    assert done.returncode == 1
    assert line.startswith("netem-lab: must be run as root")


@pytest.mark.parametrize(
    ("program", "package"),
    [("linux.uml", "user-mode-linux"), ("ovs-vswitchd", "openvswitch-switch")],
)
def test_a_missing_package(elsewhere: str, program: str, package: str) -> None:
    # In this mount namespace, that program cannot be executed.
    script = 'mount --bind /dev/null "$(command -v "$0")" && exec "$@"'
    hidden = ["unshare", "--mount", "sh", "-c", script, program]
    done = netem_lab("up", env={"NETEM_LAB_FOLDER": elsewhere}, wrapper=hidden)
    message = f"netem-lab: missing Debian packages: apt-get install {package}\n"
    assert (done.returncode, done.stderr) == (1, message)


def test_a_folder_without_a_kernel(tmp_path: Path) -> None:
    done = netem_lab("run", f"--kernel={tmp_path}", "--", "true")
    unpack = f"unpack Debian's package user-mode-linux in {tmp_path}, with `dpkg-deb --extract`"
    message = f"netem-lab: no {tmp_path}/usr/bin/linux.uml: {unpack}\n"
    assert (done.returncode, done.stderr) == (1, message)


@pytest.mark.parametrize("text", ["0", "65536", "x", "-1"])
def test_a_port_out_of_range(text: str) -> None:
    done = netem_lab("up", f"--port={text}")
    assert done.returncode == 2
    assert f"{text!r} is not a whole number in 1..65535" in done.stderr


def test_two_chassis_without_ovn(elsewhere: str) -> None:
    done = netem_lab("up", "--chassis", "2", env={"NETEM_LAB_FOLDER": elsewhere})
    message = "netem-lab: 2 chassis need --backend ovn: a lab on openvswitch has one node\n"
    assert (done.returncode, done.stderr) == (1, message)


def test_a_failing_start_shows_the_log_and_leaves_nothing(elsewhere: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with tempfile.TemporaryDirectory(dir=_SOURCE, prefix=".lab-") as folder:
        switch = Path(folder, "ovs-vswitchd")
        switch.write_text("#!/bin/sh\necho no switch today >&2\nexit 3\n")
        switch.chmod(0o755)
        environment = {"NETEM_LAB_FOLDER": elsewhere, "PATH": f"{folder}:{os.environ['PATH']}"}
        done = netem_lab("up", "--port", str(port), env=environment)
    assert done.returncode == 1
    assert "no switch today" in done.stderr
    assert done.stderr.splitlines()[-1] == "netem-lab: ovs-vswitchd has ended with status 3"
