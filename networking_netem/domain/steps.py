# SPDX-License-Identifier: Apache-2.0
"""The attribute that holds the steps of a timeline: a list of objects, or its JSON text."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Sequence, Union

from networking_netem.domain.attribute import InvalidValue, Whole
from networking_netem.domain.numbers import (
    CORRUPT_PCT,
    DELAY_CORRELATION_MS,
    DELAY_MS,
    DUPLICATE_PCT,
    LOSS_BURST_PACKETS,
    LOSS_PCT,
    MAX_KBPS,
    REORDER_PCT,
)
from networking_netem.domain.runs import check_runs
from networking_netem.domain.timeline import TimelineStep

MOST_STEPS = 1000
MOST_BYTES = 65535
"""Of the JSON text, without spaces: what a TEXT column of MySQL holds."""
LONGEST_MS = 7 * 24 * 3600 * 1000

AT_MS = Whole("at_ms", 0, LONGEST_MS, help="When the step begins in its round, in milliseconds.")
RAMP = "ramp"
NUMBERS = (
    *(MAX_KBPS, DELAY_MS, DELAY_CORRELATION_MS, LOSS_PCT, LOSS_BURST_PACKETS),
    *(DUPLICATE_PCT, CORRUPT_PCT, REORDER_PCT),
)
"""What a step may set; what it does not name is what the policy's other rules say."""
NAMES = (AT_MS.name, *(each.name for each in NUMBERS), RAMP)

Steps = List[Dict[str, Union[int, float, bool]]]


@dataclass(frozen=True)
class StepList:
    """An attribute that takes 1 to 1000 steps, each later than the one before."""

    name: str
    help: str
    default: None = None

    @property
    def is_required(self) -> bool:
        """Always true."""
        return True

    @property
    def is_optional(self) -> bool:
        """Never true."""
        return False

    @property
    def expected(self) -> str:
        """What the attribute takes, as said in messages and help."""
        return (
            f"a list of 1 to {MOST_STEPS} steps with {AT_MS.name} (first 0, then rising), of "
            f"{MOST_BYTES} bytes of JSON at most"
        )

    def parse(self, value: object) -> Steps:
        """The steps that a list, or the JSON text of one, holds, in one form.

        Raises `InvalidValue` that names the step which is wrong.
        """
        if isinstance(value, str):
            if len(value) > 2 * MOST_BYTES:
                raise InvalidValue(self.name, self.expected, value)
            try:
                value = json.loads(value)
            except (ValueError, RecursionError):
                raise InvalidValue(self.name, self.expected, value) from None
        if not isinstance(value, (list, tuple)) or not 1 <= len(value) <= MOST_STEPS:
            count = f"{len(value)} steps" if isinstance(value, (list, tuple)) else value
            raise InvalidValue(self.name, self.expected, count)
        steps = [self._step(number, each) for number, each in enumerate(value, 1)]
        self._refuse_disorder(steps)
        if len(text(steps)) > MOST_BYTES:
            raise InvalidValue(self.name, self.expected, f"{len(text(steps))} bytes")
        return steps

    def _step(self, number: int, value: Any) -> Dict[str, Union[int, float, bool]]:
        if not isinstance(value, Mapping):
            raise InvalidValue(f"step {number} of {self.name}", "an object", value)
        unknown = sorted(str(name) for name in value if name not in NAMES)
        if unknown:
            expected = f"an object with {', '.join(NAMES)} and no others"
            raise InvalidValue(f"step {number} of {self.name}", expected, unknown[0])
        step: Dict[str, Union[int, float, bool]] = {}
        for attribute in (AT_MS, *NUMBERS):
            if attribute is AT_MS or attribute.name in value:
                step[attribute.name] = _parsed(attribute, number, value.get(attribute.name))
        ramps = value.get(RAMP, False)
        if not isinstance(ramps, bool):
            raise InvalidValue(f"{RAMP} of step {number}", "true or false", ramps)
        if ramps:
            step[RAMP] = True
        check_runs(step.get(LOSS_PCT.name), step.get(LOSS_BURST_PACKETS.name), f" of step {number}")
        return step

    def _refuse_disorder(self, steps: Sequence[Mapping[str, Any]]) -> None:
        if steps[0][AT_MS.name]:
            raise InvalidValue(f"{AT_MS.name} of the first step", "0", steps[0][AT_MS.name])
        for number, (first, second) in enumerate(zip(steps, steps[1:]), 2):
            at_ms, before_ms = second[AT_MS.name], first[AT_MS.name]
            if at_ms <= before_ms:
                above = f"above {before_ms}, where step {number - 1} begins"
                raise InvalidValue(f"{AT_MS.name} of step {number}", above, at_ms)


def _parsed(attribute: Any, number: int, value: Any) -> Union[int, float]:
    try:
        parsed: Union[int, float] = attribute.parse(value)
    except InvalidValue:
        name = f"{attribute.name} of step {number}"
        raise InvalidValue(name, attribute.expected, value) from None
    return parsed


def text(steps: Sequence[Mapping[str, Any]]) -> str:
    """The JSON text of steps, without spaces."""
    return json.dumps(list(steps), separators=(",", ":"))


def timeline_steps(steps: Sequence[Mapping[str, Any]]) -> List[TimelineStep]:
    """The steps in the fields of an impairment."""
    return [
        TimelineStep(
            each[AT_MS.name],
            tuple((n.field, n.steps(each[n.name])) for n in NUMBERS if n.name in each),
            bool(each.get(RAMP, False)),
        )
        for each in steps
    ]
