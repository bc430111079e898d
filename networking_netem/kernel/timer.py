# SPDX-License-Identifier: Apache-2.0
"""An alarm on the wall clock, which tells of clocks that are set too (timerfd_create(2))."""

from __future__ import annotations

import ctypes
import errno
import os
import select
import time
from typing import Optional

from networking_netem.domain.units import NS_PER_MS

_TFD_NONBLOCK, _TFD_CLOEXEC = os.O_NONBLOCK, os.O_CLOEXEC
_TFD_TIMER_ABSTIME, _TFD_TIMER_CANCEL_ON_SET = 1, 2
_NEVER_S = 1 << 40
"""An alarm that never rings tells all the same when the clock is set."""
_libc = ctypes.CDLL(None, use_errno=True)


class _Timespec(ctypes.Structure):
    _fields_ = [("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long)]


class _Itimerspec(ctypes.Structure):
    _fields_ = [("interval", _Timespec), ("value", _Timespec)]


class Timer:
    """Rings at an instant of the wall clock, or when that clock is set. Python has it from 3.13 on.

    Raises ``OSError`` where the kernel has none.
    """

    def __init__(self) -> None:
        self._fd = _checked(_libc.timerfd_create(time.CLOCK_REALTIME, _TFD_NONBLOCK | _TFD_CLOEXEC))

    def set(self, at_ms: Optional[int]) -> None:
        """Ring at so many milliseconds since 1970, at once where that is over; None for never."""
        seconds, rest_ms = divmod(max(at_ms, 1), 1000) if at_ms is not None else (_NEVER_S, 0)
        spec = _Itimerspec(_Timespec(0, 0), _Timespec(seconds, rest_ms * NS_PER_MS))
        flags = _TFD_TIMER_ABSTIME | _TFD_TIMER_CANCEL_ON_SET
        _checked(_libc.timerfd_settime(self._fd, flags, ctypes.byref(spec), None))

    def wait(self) -> bool:
        """Wait until it rings; True when the clock was set. Another thread may ``set`` it anew."""
        while True:
            select.select([self._fd], [], [])
            try:
                os.read(self._fd, 8)
                return False
            except BlockingIOError:
                continue
            except OSError as error:
                if error.errno != errno.ECANCELED:
                    raise
                return True


def _checked(result: int) -> int:
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result
