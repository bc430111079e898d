# SPDX-License-Identifier: Apache-2.0
"""A recording of a link: values that hold from a moment to the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, Iterator, List, Mapping, Sequence, Tuple

from networking_netem.domain.attribute import Number
from networking_netem.domain.steps import NUMBERS

QUANTITIES: Mapping[str, Number] = {each.name: each for each in NUMBERS}
"""What a recording may hold: attributes of rules, by name."""

MOST_SAMPLES = 2_000_000
"""The most that a pattern, repeated, may make."""


@dataclass(frozen=True)
class Trace:
    """Samples of some quantities: sample n holds from ``at_ms[n]`` to the next, or to the end.

    ``at_ms`` begins with 0 and rises; ``columns`` has a value of each quantity for each sample.
    ``repeat`` is how often the recording says that it is played; 0 is for ever.
    """

    at_ms: Sequence[float]
    length_ms: float
    columns: Mapping[str, Sequence[float]]
    repeat: int = 1

    def samples(self) -> Iterator[Tuple[float, Dict[str, float]]]:
        """Yield the moment and the values of each sample."""
        names = tuple(self.columns)
        for at_ms, values in zip(self.at_ms, zip(*self.columns.values())):
            yield at_ms, dict(zip(names, values))

    def durations_ms(self) -> List[float]:
        """Return how long each sample holds."""
        ends = [*self.at_ms[1:], self.length_ms]
        return [end - start for start, end in zip(self.at_ms, ends)]


class Recording:
    """Makes a trace of samples that follow each other; equal neighbours become one."""

    def __init__(self, *names: str) -> None:
        self._names = names
        self._at_ms: List[float] = []
        self._values: List[Tuple[float, ...]] = []
        self.length_ms = 0.0

    def add(self, duration_ms: float, *values: float) -> None:
        """Add what holds for the next ``duration_ms``."""
        if duration_ms <= 0:
            return
        if not self._values or self._values[-1] != values:
            self._at_ms.append(self.length_ms)
            self._values.append(values)
        self.length_ms += duration_ms

    def trace(self, repeat: int = 1) -> Trace:
        """Return what was added."""
        columns = dict(zip(self._names, map(list, zip(*self._values))))
        return Trace(self._at_ms, self.length_ms, columns, repeat)
