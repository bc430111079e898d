# SPDX-License-Identifier: Apache-2.0
"""A machine for classic BPF, after Documentation/networking/filter.rst of Linux."""

from __future__ import annotations

from typing import Dict, Optional, Sequence

from networking_netem.domain import program as bpf
from networking_netem.domain.filters import Instruction

_SIZES = {0x00: 4, 0x08: 2, 0x10: 1}


def run(program: Sequence[Instruction], frame: bytes) -> int:
    """What a program returns for a frame; 0 where it reads behind its end, as in the kernel."""
    a = x = at = 0
    memory: Dict[int, int] = {}
    while True:
        code, then, otherwise, value = program[at]
        at += 1
        if code == bpf.RETURN:
            return value
        if code & 0x07 == 0 and code & 0xE0 in (0x20, 0x40):
            found = _read(frame, value + (x if code & 0xE0 == 0x40 else 0), _SIZES[code & 0x18])
            if found is None:
                return 0
            a = found
        elif code == bpf.IPV4_HEADER_TO_X:
            found = _read(frame, value, 1)
            if found is None:
                return 0
            x = 4 * (found & 15)
        elif code == bpf.JUMP:
            at += value
        elif code & 0x07 == 5:
            is_met = {
                bpf.IF_EQUAL: a == value,
                bpf.IF_GREATER: a > value,
                bpf.IF_AT_LEAST: a >= value,
                bpf.IF_ANY_BIT: bool(a & value),
            }[code]
            at += then if is_met else otherwise
        elif code == bpf.STORE:
            memory[value] = a
        elif code == bpf.VALUE_TO_X:
            x = value
        elif code == bpf.A_TO_X:
            x = a
        else:
            a = (
                0xFFFFFFFF
                & {
                    bpf.LOAD_VALUE: value,
                    bpf.LOAD_MEMORY: memory.get(value, 0),
                    bpf.X_TO_A: x,
                    bpf.ADD: a + value,
                    bpf.ADD_X: a + x,
                    bpf.AND: a & value,
                    bpf.SHIFT_LEFT: a << (value & 31),
                }[code]
            )


def _read(frame: bytes, offset: int, size: int) -> Optional[int]:
    data = frame[offset : offset + size]
    return int.from_bytes(data, "big") if len(data) == size else None
