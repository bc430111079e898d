# SPDX-License-Identifier: Apache-2.0
"""What a preset does over time: one round of steps, and how often."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Callable, Dict, Iterator, Mapping, Sequence

from networking_netem.client import duration
from networking_netem.domain.rule_types import LOSS_PCT
from networking_netem.domain.steps import AT_MS as AT
from networking_netem.domain.steps import MOST_STEPS
from networking_netem.domain.timeline import HOLD, REVERT
from networking_netem.domain.timeline_rule import ANY as ANY

Step = Mapping[str, Any]

AT_MS = AT.name
EVER = 0


@dataclass(frozen=True)
class PresetTimeline:
    """Attributes of a timeline rule, but for its start."""

    direction: str
    steps: Sequence[Step]
    length_ms: int
    repeat: int = 1
    at_end: str = REVERT

    def values(self) -> Dict[str, Any]:
        """Return the attributes by name."""
        return {**vars(self), "steps": [dict(step) for step in self.steps]}

    def __str__(self) -> str:
        """The timeline as a table shows it: ``8 steps in 1m, for ever``."""
        rounds = {EVER: ", for ever", 1: ""}.get(self.repeat, f", {self.repeat} times")
        words = f"{len(self.steps)} steps" if len(self.steps) > 1 else "one step"
        return f"{words} in {duration.written(self.length_ms)}{rounds}"

    def scaled(self, scale: Callable[[Step], Step]) -> PresetTimeline:
        """Return the timeline with its values scaled; a link that is down stays down."""
        return replace(self, steps=[_scaled(step, scale) for step in self.steps])

    def lasting(self, duration_ms: int, base: Step) -> PresetTimeline:
        """Return what it does in that time, and nothing afterwards, without the other rules.

        ``base`` is what these say. Raises ``ValueError`` where this takes too many steps.
        """
        rounds, rest = divmod(duration_ms, self.length_ms)
        if self.repeat == EVER and rounds and not rest:
            steps, length_ms = self.steps, self.length_ms
        else:
            rounds, length_ms = 1, duration_ms
            steps = list(self._unrolled(duration_ms))
        if len(steps) > MOST_STEPS:
            raise ValueError(
                f"{duration.written(duration_ms)} takes more than {MOST_STEPS} steps; a multiple"
                f" of {duration.written(self.length_ms)} takes {len(self.steps)}"
            )
        whole = [{AT_MS: step[AT_MS], **base, **step} for step in steps]
        return PresetTimeline(self.direction, whole, length_ms, rounds)

    def _unrolled(self, duration_ms: int) -> Iterator[Step]:
        """The steps of all rounds that begin in the time, and of what comes after the last."""
        round_ms = count = 0
        while round_ms < duration_ms and count <= MOST_STEPS:
            if self.repeat and round_ms >= self.repeat * self.length_ms:
                if self.at_end != HOLD:
                    yield {AT_MS: round_ms}
                return
            for step in self.steps:
                if round_ms + step[AT_MS] < duration_ms:
                    count += 1
                    yield {**step, AT_MS: round_ms + step[AT_MS]}
            round_ms += self.length_ms


def _scaled(step: Step, scale: Callable[[Step], Step]) -> Step:
    is_down = step.get(LOSS_PCT.name) == LOSS_PCT.maximum
    return step if is_down else scale(step)
