# SPDX-License-Identifier: Apache-2.0
"""The executor runs commands that come over TCP."""

from __future__ import annotations

import os
import socket
import threading
import time
from pathlib import Path

import pytest

from netem_lab.guest.executor import answer
from netem_lab.guest.frames import Command, Kind, send
from netem_lab.guest.runner import Remote

_BUFFER_BYTES = 4096
_OUTPUT_BYTES = 60_000


def test_input_that_a_command_leaves_unread_costs_no_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With small buffers, most of the output is not yet read when the command has ended."""
    monkeypatch.setenv("MODPROBE_OPTIONS", "")
    pid = tmp_path / "pid"
    script = f"echo $$ >{pid}; exec head -c {_OUTPUT_BYTES} /dev/zero"
    command = Command(["sh", "-c", script], env=dict(os.environ))
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as host:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER_BYTES)
        host.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
        host.connect(server.getsockname())
        guest = threading.Thread(target=answer, args=(server.accept()[0],))
        guest.start()
        remote = Remote(host, command)
        while not _has_ended(pid):
            time.sleep(0.01)
        send(host, Kind.STDIN, b"nobody reads this")
        assert len("".join(remote)) == _OUTPUT_BYTES
        assert remote.returncode == 0
        guest.join(timeout=10)
        assert not guest.is_alive()


def _has_ended(pid: Path) -> bool:
    """Whether the process is a zombie: it has ended and is not yet waited for."""
    written = pid.read_text().strip() if pid.exists() else ""
    return bool(written) and ") Z " in Path(f"/proc/{written}/stat").read_text()
