# SPDX-License-Identifier: Apache-2.0
"""Waits for what other processes bring about."""

from __future__ import annotations

import time
from typing import Callable

WITHIN_S = 180.0
POLL_EVERY_S = 0.001


def wait_until(holds: Callable[[], bool], within_s: float = WITHIN_S) -> float:
    """Return after how many seconds it held; fail after ``within_s``."""
    began_s = time.monotonic()
    while not holds():
        assert time.monotonic() < began_s + within_s, f"not within {within_s:g} s"
        time.sleep(POLL_EVERY_S)
    return time.monotonic() - began_s
