# SPDX-License-Identifier: Apache-2.0
"""Configurations of netem-trace as JSON: a repeated pattern of rates, delays, losses or duplicates.

Read are ``Static…Config`` in ``Repeated…PatternConfig``, in any depth, and ``TraceBwConfig``. The
outermost count is how often the recording is played.
"""

from __future__ import annotations

import json
from typing import Any, Dict, List, Tuple

from networking_netem.client.trace.lines import not_too_long, within
from networking_netem.client.trace.loss_pattern import share_and_run
from networking_netem.client.trace.trace import MOST_SAMPLES, Recording, Trace
from networking_netem.client.trace.units import kilobits_per_second, milliseconds, number
from networking_netem.client.trace.unreadable import Unreadable, shown
from networking_netem.domain.rule_types import (
    DELAY_MS,
    DUPLICATE_PCT,
    LOSS_BURST_PACKETS,
    LOSS_PCT,
    MAX_KBPS,
)

RIGHT = (
    'A netem-trace file is JSON like {"RepeatedDelayPatternConfig": {"pattern":'
    ' [{"StaticDelayConfig": {"delay": "20ms", "duration": "1s"}}], "count": 0}},'
    " with Bw, Delay, Loss or Duplicate"
)

NAMES: Dict[str, Tuple[str, ...]] = {
    "Bw": (MAX_KBPS.name,),
    "Delay": (DELAY_MS.name,),
    "Loss": (LOSS_PCT.name, LOSS_BURST_PACKETS.name),
    "Duplicate": (DUPLICATE_PCT.name,),
}
"""The quantities of each kind of configuration."""

_Sample = Tuple[float, Tuple[float, ...]]


def read(text: str) -> Trace:
    """Return what the configuration says of one round of its outermost pattern."""
    try:
        # As floats, numbers of a million digits are read in time that grows with their length.
        config = json.loads(text, parse_int=float, parse_constant=_refused)
        return _trace(config)
    except json.JSONDecodeError as error:
        raise Unreadable(f"this is no JSON, {error.msg}", RIGHT, error.lineno) from None
    except RecursionError:
        raise Unreadable("the patterns are nested too deep", RIGHT) from None


def _trace(config: Any) -> Trace:
    name, body = _only(config, "the file")
    kind = next((each for each in NAMES if name == f"Repeated{each}PatternConfig"), None)
    repeat = 1
    if kind is None:
        kind = next((each for each in NAMES if name.endswith(f"{each}Config")), None)
        if kind is None:
            raise Unreadable(f"{shown(name)} is not known", RIGHT)
        samples = _samples(kind, config, name)
    else:
        repeat = _count(body, name)
        samples = _pattern(kind, body, name)
    names = NAMES[kind]
    if kind == "Loss" and all(values[1] == 1 for _, values in samples):
        names = names[:1]
    recording = Recording(*names)
    for duration_ms, values in samples:
        not_too_long(recording.length_ms + duration_ms, RIGHT, None)
        kept = (within(each, value, RIGHT, None) for each, value in zip(names, values))
        recording.add(duration_ms, *kept)
    if not recording.length_ms:
        raise Unreadable("the pattern has no length", RIGHT)
    return recording.trace(repeat)


def _samples(kind: str, config: Any, where: str) -> List[_Sample]:
    """The samples of a configuration of one kind; ``where`` is its place in the file."""
    name, body = _only(config, where)
    if name == f"Repeated{kind}PatternConfig":
        count = _count(body, where)
        if not count:
            raise Unreadable(f"{where} is repeated for ever within another pattern", RIGHT)
        once = _pattern(kind, body, where)
        if len(once) * count > MOST_SAMPLES:
            raise Unreadable(f"{where} makes more than {MOST_SAMPLES} samples", RIGHT)
        return once * count
    if name == f"Static{kind}Config":
        try:
            return [(milliseconds(body["duration"]), _values(kind, body))]
        except (KeyError, ValueError, TypeError, IndexError):
            raise Unreadable(f"{where} is {shown(json.dumps(body))}", RIGHT) from None
    if name == "TraceBwConfig" and kind == "Bw":
        try:
            return [(number(ms), (number(each) * 1000,)) for ms, rates in body for each in rates]
        except (ValueError, TypeError):
            raise Unreadable(f"{where} is not [[ms, [Mbit/s, …]], …]", RIGHT) from None
    raise Unreadable(f"{where} is {shown(name)}, which is not read", RIGHT)


def _pattern(kind: str, body: Any, where: str) -> List[_Sample]:
    pattern = body.get("pattern") if isinstance(body, dict) else None
    if not isinstance(pattern, list):
        raise Unreadable(f"{where} has no list called pattern", RIGHT)
    samples: List[_Sample] = []
    for index, each in enumerate(pattern):
        samples += _samples(kind, each, f"{where}.pattern[{index}]")
        if len(samples) > MOST_SAMPLES:
            raise Unreadable(f"{where} makes more than {MOST_SAMPLES} samples", RIGHT)
    return samples


def _values(kind: str, body: Any) -> Tuple[float, ...]:
    if kind == "Bw":
        return (kilobits_per_second(body["bw"]),)
    if kind == "Delay":
        return (milliseconds(body["delay"]),)
    if kind == "Loss":
        return share_and_run([number(each) for each in body["loss"]])
    return (100 * number(body["duplicate"][0]),)


def _only(config: Any, where: str) -> Tuple[str, Any]:
    if not isinstance(config, dict) or len(config) != 1:
        raise Unreadable(f"{where} is not an object of one name", RIGHT)
    ((name, body),) = config.items()
    return name, body


def _count(body: Any, where: str) -> int:
    count = body.get("count", 0.0) if isinstance(body, dict) else None
    if not isinstance(count, float) or count != int(min(count, 1e9)) or count < 0:
        raise Unreadable(f"{where} has a count that is not a whole number up to 1e9", RIGHT)
    return int(count)


def _refused(constant: str) -> None:
    raise Unreadable(f"{constant} is no number", RIGHT)
