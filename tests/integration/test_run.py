# SPDX-License-Identifier: Apache-2.0
"""netem-lab run: a command on a new guest kernel."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
import uuid
from pathlib import Path
from typing import Dict

import pytest

from tests.integration.netem_lab import PROGRAM, netem_lab
from tests.integration.traces import shared_with_others, traces

DEADLINE_S = 60
SLEEPER = "echo up; exec sleep 1000"


@pytest.fixture
def mark() -> Dict[str, str]:
    """An environment variable that marks all processes of one guest."""
    return {"NETEM_LAB_TEST": str(uuid.uuid4())}


def test_returns_output_and_exit_status_and_leaves_nothing(
    mark: Dict[str, str], tmp_path: Path
) -> None:
    before = shared_with_others()
    script = "pwd; cat > made; echo oops >&2; uname -r; exit 3"
    command = ["run", "--", "sh", "-c", script]
    done = netem_lab(*command, env=mark, cwd=tmp_path, stdin=_text("abc"))
    folder, release = done.stdout.splitlines()
    assert (done.returncode, folder, done.stderr) == (3, str(tmp_path), "oops\n")
    assert release != os.uname().release
    assert (tmp_path / "made").read_text() == "abc"
    assert traces(mark["NETEM_LAB_TEST"]) == []
    assert shared_with_others() == before


def test_has_every_module_that_links_need() -> None:
    qdiscs = ("sch_netem", "sch_tbf", "sch_ingress", "act_mirred", "cls_matchall")
    modules = (*qdiscs, "ifb", "tun", "openvswitch")
    done = netem_lab("run", "--", "modprobe", "--all", *modules)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_kernel_loads_modules_by_itself() -> None:
    done = netem_lab("run", "--", "tc", "qdisc", "add", "dev", "lo", "root", "netem", "loss", "1%")
    assert (done.returncode, done.stderr) == (0, "")


def test_boots_the_kernel_of_a_folder(tmp_path: Path) -> None:
    program, modules = (tmp_path / name for name in ("usr/bin/linux.uml", "usr/lib/uml/modules"))
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\nexec /usr/bin/linux.uml of_the_folder "$@"\n')
    program.chmod(0o755)
    shutil.copytree("/usr/lib/uml/modules", modules, ignore=shutil.ignore_patterns("sch_netem.ko"))
    script = "cat /proc/cmdline; modprobe sch_tbf && ! modprobe sch_netem"
    done = netem_lab("run", f"--kernel={tmp_path}", "--", "sh", "-c", script)
    assert done.returncode == 0, done.stderr
    assert "of_the_folder" in done.stdout.split()
    assert "could not insert 'sch_netem'" in done.stderr


def test_a_missing_command_is_127() -> None:
    done = netem_lab("run", "--", "no-such-command")
    assert done.returncode == 127
    assert done.stderr == "no-such-command: No such file or directory\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_signal_ends_it_and_leaves_no_process(
    mark: Dict[str, str], number: signal.Signals
) -> None:
    running = subprocess.Popen(
        # A shell without job control starts what is in its background with SIGINT ignored.
        ["env", "--default-signal=INT", PROGRAM, "run", "--", "sh", "-c", SLEEPER],
        env={**os.environ, **mark},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert running.stdout
        assert running.stdout.readline() == "up\n"
        running.send_signal(number)
        expected = -number if number == signal.SIGKILL else 128 + number
        assert running.wait(timeout=DEADLINE_S) == expected
    finally:
        running.kill()
    deadline = time.monotonic() + 5
    while traces(mark["NETEM_LAB_TEST"]) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert traces(mark["NETEM_LAB_TEST"]) == []


def _text(text: str) -> int:
    """The reading end of a pipe that holds `text`."""
    reader, writer = os.pipe()
    os.write(writer, text.encode())
    os.close(writer)
    return reader
