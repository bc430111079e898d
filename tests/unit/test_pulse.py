# SPDX-License-Identifier: Apache-2.0
"""What the probe's clock notes as a stall of the machine."""

from __future__ import annotations

import time

import pytest

from netem_lab.probe.pulse import Pulse


def test_a_late_wake_up_is_a_stall() -> None:
    pulse = Pulse()
    expected_s = time.monotonic() - 0.1
    pulse.woke(expected_s)
    late_s = pulse.now_s - expected_s
    assert pulse.stalled_s == late_s >= 0.1
    ((begin_ns, end_ns),) = pulse.stalls_ns
    # 1 ms and half of the stall is what the kernel may need after it.
    assert end_ns - begin_ns == pytest.approx((1.5 * late_s + 0.001) * 1e9, abs=10)


def test_stalls_add_up_and_a_wake_up_in_time_is_none() -> None:
    pulse = Pulse()
    pulse.woke(time.monotonic() + 1)
    assert (pulse.stalled_s, pulse.stalls_ns) == (0.0, [])
    for _ in range(2):
        pulse.woke(time.monotonic() - 0.1)
    assert len(pulse.stalls_ns) == 2
    assert pulse.stalled_s >= 0.2
