# SPDX-License-Identifier: Apache-2.0
"""Steps of a timeline as they are given on a command line, or in a file."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Tuple

from networking_netem.client import duration
from networking_netem.domain import steps
from networking_netem.domain.attribute import InvalidValue

NUMBERS = {each.name: each for each in steps.NUMBERS}
"""What a step may set, by name."""


EXPECTED = "'TIME [NAME=NUMBER]… [ramp]', such as '0s delay_ms=100 loss_pct=5'"


def step(text: str) -> Dict[str, Any]:
    """Return the step that a text says; raises ValueError with a sentence.

    The text is when the step begins, and what then holds: ``30s max_kbps=2000 delay_ms=80 ramp``.
    """
    words = text.split()
    if not words:
        raise ValueError(f"a step is {EXPECTED}")
    made: Dict[str, Any] = {steps.AT_MS.name: duration.milliseconds(words.pop(0))}
    for word in words:
        name, equals, value = word.partition("=")
        if name in made:
            raise ValueError(f"{text[:60]!r} has {name} twice")
        if word == steps.RAMP:
            made[steps.RAMP] = True
        elif name in NUMBERS and equals:
            try:
                made[name] = NUMBERS[name].parse(value)
            except InvalidValue as error:
                raise ValueError(str(error)) from None
        else:
            names = ", ".join(NUMBERS)
            raise ValueError(f"{word[:40]!r} is not NAME=NUMBER, with a name of {names}, or ramp")
    return made


def document(text: str) -> Tuple[List[Any], Dict[str, Any]]:
    """Return the steps of a JSON text, and the other attributes that it names.

    The text is the list of steps, or an object as `timeline show -f json` prints it. Raises
    ValueError with a sentence.
    """
    try:
        value = json.loads(text)
    except RecursionError:
        raise ValueError("the JSON is nested too deep") from None
    except ValueError as error:
        raise ValueError(f"this is no JSON: {str(error)[:100]}") from None
    if isinstance(value, list):
        return value, {}
    if isinstance(value, dict) and isinstance(value.get("steps"), list):
        names = ("length_ms", "repeat", "at_end")
        return value["steps"], {name: value[name] for name in names if name in value}
    raise ValueError("the JSON is neither a list of steps nor an object with one called steps")
