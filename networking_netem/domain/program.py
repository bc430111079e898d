# SPDX-License-Identifier: Apache-2.0
"""Programs of classic BPF, written with labels (include/uapi/linux/filter.h, bpf_common.h)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, List, Optional, Tuple, Union

from networking_netem.domain.filters import Instruction

LOAD_BYTE, LOAD_HALF, LOAD_WORD = 0x30, 0x28, 0x20
LOAD_BYTE_AT_X, LOAD_HALF_AT_X, LOAD_WORD_AT_X = 0x50, 0x48, 0x40
LOAD_VALUE, LOAD_MEMORY, STORE = 0x00, 0x60, 0x02
VALUE_TO_X, A_TO_X, X_TO_A, IPV4_HEADER_TO_X = 0x01, 0x07, 0x87, 0xB1
ADD, ADD_X, AND, SHIFT_LEFT = 0x04, 0x0C, 0x54, 0x64
IF_EQUAL, IF_GREATER, IF_AT_LEAST, IF_ANY_BIT, JUMP = 0x15, 0x25, 0x35, 0x45, 0x05
RETURN = 0x06

NO, YES = 0, 0xFFFFFFFF
"""What a program returns for a packet that is not, or is, one of those which it tells."""

_FARTHEST = 255
"""A condition jumps over so many instructions at most; ``JUMP`` goes anywhere."""


@dataclass(frozen=True)
class Line:
    """An instruction with labels to jump to; no label is the next line. ``JUMP`` has ``then``."""

    code: int
    value: int = 0
    then: Optional[str] = None
    otherwise: Optional[str] = None


Lines = List[Union[Line, str]]
"""A text in between is a label."""


def assembled(lines: Lines) -> Tuple[Instruction, ...]:
    """The instructions of a program. Raises ``ValueError`` for a jump backwards or too far."""
    labels: Dict[str, int] = {}
    code: List[Line] = []
    for line in lines:
        if isinstance(line, str):
            labels[line] = len(code)
        else:
            code.append(line)
    return tuple(_instruction(line, number, labels) for number, line in enumerate(code))


def _instruction(line: Line, number: int, labels: Dict[str, int]) -> Instruction:
    then = labels[line.then] - number - 1 if line.then else 0
    otherwise = labels[line.otherwise] - number - 1 if line.otherwise else 0
    if line.code == JUMP:
        return (JUMP, 0, 0, then)
    if not (0 <= then <= _FARTHEST and 0 <= otherwise <= _FARTHEST):
        raise ValueError(f"instruction {number} jumps over {then} or {otherwise} others")
    return (line.code, then, otherwise, line.value)
