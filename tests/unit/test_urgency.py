# SPDX-License-Identifier: Apache-2.0
"""Processes of a guest run first while packets are measured, and are normal again afterwards."""

from __future__ import annotations

import os
import subprocess
from typing import Iterator, List

import pytest

from netem_lab.guest.urgency import urgent

# Starts another shell for each line that it reads, and prints its pid.
SCRIPT = "while read line; do (sleep 60; true) & echo $!; done"

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="real-time processes need root")


@pytest.fixture
def shell() -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        ["sh", "-c", SCRIPT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    yield process
    os.killpg(process.pid, 9)
    process.communicate()


def child(shell: subprocess.Popen[str]) -> int:
    assert shell.stdin
    assert shell.stdout
    shell.stdin.write("\n")
    shell.stdin.flush()
    return int(shell.stdout.readline())


def policies(*pids: int) -> List[int]:
    return [os.sched_getscheduler(pid) for pid in pids]


def test_what_is_called_so_is_urgent_until_the_end(shell: subprocess.Popen[str]) -> None:
    one = child(shell)
    with urgent(os.getpid(), "sh"):
        assert policies(shell.pid, one) == [os.SCHED_RR] * 2
        other = child(shell)
        assert policies(other) == [os.SCHED_RR]
    assert policies(shell.pid, one, other) == [os.SCHED_OTHER] * 3


def test_what_is_called_otherwise_is_left_alone(shell: subprocess.Popen[str]) -> None:
    with urgent(os.getpid()):
        assert policies(os.getpid(), shell.pid) == [os.SCHED_OTHER] * 2


def test_it_ends_with_an_error_too(shell: subprocess.Popen[str]) -> None:
    def fail() -> None:
        with urgent(os.getpid(), "sh"):
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert policies(shell.pid) == [os.SCHED_OTHER]


def test_who_is_no_descendant_is_left_alone(shell: subprocess.Popen[str]) -> None:
    one = child(shell)
    with urgent(one, "sh"):
        assert policies(shell.pid, one) == [os.SCHED_OTHER, os.SCHED_RR]
