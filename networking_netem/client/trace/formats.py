# SPDX-License-Identifier: Apache-2.0
"""Which format a recording has, and its reader."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Callable, Dict, List, Optional, Tuple

from networking_netem.client.trace import byte_counts, mahimahi, netem_trace, rates, theaterq
from networking_netem.client.trace.lines import word_rows
from networking_netem.client.trace.trace import Trace
from networking_netem.client.trace.unreadable import Unreadable

READERS: Dict[str, Callable[[str], Trace]] = {
    "mahimahi": mahimahi.read,
    "seconds-mbps": rates.read,
    "bytes-ms": byte_counts.read,
    "theaterq": theaterq.read,
    "netem-trace": netem_trace.read,
}
"""The reader of each format, by the name on the command line."""

MOST_BYTES = 256 * 2**20

_RIGHT = "Formats that are known are " + ", ".join(READERS) + "; --from says which"
_LOOKED_AT = 50
"""Lines that say which format it is."""


def read(file: str, format: Optional[str] = None) -> Tuple[str, Trace]:
    """Return the format of a file and its recording; raises ``ValueError`` with a sentence.

    Raises ``OSError`` where the file cannot be read.
    """
    try:
        text = _text(Path(file))
        known = format or recognized(text)
        return known, READERS[known](text)
    except Unreadable as error:
        raise ValueError(error.of(file)) from None


def recognized(text: str) -> str:
    """Return the name of the format that a text looks like, else raise ``Unreadable``."""
    if text.lstrip()[:1] == "{":
        return "netem-trace"
    lines = list(islice(word_rows(text, _RIGHT), _LOOKED_AT))
    if not lines:
        raise Unreadable("there is no line", _RIGHT)
    numbers = [(line, words) for line, words in lines if words[0][:1].isdigit()]
    line, words = numbers[0] if numbers else lines[0]
    if len(words) == 1 and words[0].count(",") in (4, 7, 8):
        return "theaterq"
    if len(words) == 1 and words[0].isdigit():
        return "mahimahi"
    if len(words) == 6:
        return "bytes-ms"
    if len(words) == 2:
        return _of_two([words for _, words in numbers])
    raise Unreadable("this looks like no known format", _RIGHT, line)


def _of_two(lines: List[List[str]]) -> str:
    """Times rise from line to line; numbers of bytes do not, and are whole."""
    firsts = [words[0] for words in lines]
    try:
        rises = all(float(one) < float(next) for one, next in zip(firsts, firsts[1:]))
    except ValueError:
        return "seconds-mbps"
    return "seconds-mbps" if rises or not all(map(str.isdigit, firsts)) else "bytes-ms"


def _text(path: Path) -> str:
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise Unreadable(f"the file has {size} bytes", f"{MOST_BYTES} bytes are read at most")
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(f"byte {error.start} is not text in UTF-8", _RIGHT) from None
