# SPDX-License-Identifier: Apache-2.0
"""The rule type that says when: the steps that a direction of a link, or both, go through."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any, Mapping, Optional, Tuple

from networking_netem.domain import instant
from networking_netem.domain.attribute import Choice, InvalidValue, Text, Whole
from networking_netem.domain.link import DIRECTIONS, Direction, Link
from networking_netem.domain.rule_type import DIRECTION, RuleType, Shown
from networking_netem.domain.steps import AT_MS, LONGEST_MS, StepList, text, timeline_steps
from networking_netem.domain.timeline import AT_END, REVERT, Timeline

ANY = "any"
MOST_ROUNDS = 1_000_000
LONGEST_LEAD_MS = 24 * 3600 * 1000

STEPS = StepList(
    "steps",
    help="What holds from `at_ms` of a round on: numbers of other rules, and `ramp`, by name.",
)
LENGTH_MS = Whole("length_ms", 1, LONGEST_MS, help="Length of a round in milliseconds.")
REPEAT = Whole("repeat", 0, MOST_ROUNDS, help="How many rounds; 0 is for ever.", default=1)
AT_END_ = Choice(
    "at_end",
    choices=AT_END,
    default=REVERT,
    help="What holds after the last round: the policy's other rules (revert), or the last step.",
)
START_AT = Text(
    "start_at",
    instant.EXPECTED,
    help="When the first round begins, by the clock of the hosts; null: it is not running.",
    read=lambda given: instant.read(given, "start_at"),
    longest=instant.LONGEST,
)
START_IN_MS = Whole(
    "start_in_ms",
    0,
    LONGEST_LEAD_MS,
    help="Sets `start_at` to now and so many milliseconds, by the server's clock.",
    is_optional=True,
)
TIMELINE_DIRECTION = Choice(
    DIRECTION.name,
    choices=(*DIRECTION.choices, ANY),
    default=DIRECTION.default,
    help="Which packets: those that the instance sends (egress), receives (ingress), or any.",
)


@dataclass(frozen=True)
class TimelineType(RuleType):
    """The rule type of timelines: a policy has one for each direction, or one for any."""

    def check(self, values: Mapping[str, Any]) -> None:
        last_ms, length_ms = values[STEPS.name][-1][AT_MS.name], values[LENGTH_MS.name]
        if length_ms <= last_ms:
            expected = f"above {last_ms}, where the last step begins"
            raise InvalidValue(LENGTH_MS.name, expected, length_ms)

    def directions(self, name: str) -> Tuple[Direction, ...]:
        return DIRECTIONS if name == ANY else super().directions(name)

    def put_on(self, link: Link, direction: Direction, values: Mapping[str, Any]) -> Link:
        return link.with_timeline(direction, timeline(values))

    def drop_from(self, link: Link, direction: Direction) -> Link:
        # A rule for any direction is dropped as one for egress. All rules of a policy go together.
        for each in DIRECTIONS:
            link = link.with_timeline(each, None)
        return link


TIMELINE = TimelineType(
    "timeline",
    help="Steps over time",
    attributes=(STEPS, LENGTH_MS, REPEAT, AT_END_, START_AT, TIMELINE_DIRECTION),
    asked=(START_IN_MS,),
    shown=(
        Shown("state", "`loaded` (not started), `waiting` (for its start), `running` or `over`."),
        Shown("round", "The round that it is in, from 1; 0 before the first."),
        Shown("step", "The step that it is in, from 1; 0 before the first."),
    ),
)


def timeline(values: Mapping[str, Any]) -> Timeline:
    """The timeline that a rule says; `values` are the rule's, parsed, by name of attribute."""
    start_at: Optional[str] = values.get(START_AT.name)
    return _timeline(
        text(values[STEPS.name]),
        values[LENGTH_MS.name],
        values.get(REPEAT.name, REPEAT.default),
        values.get(AT_END_.name, AT_END_.default),
        None if start_at is None else instant.since_1970_ms(start_at),
    )


@functools.lru_cache(maxsize=256)
def _timeline(
    steps: str, length_ms: int, repeat: int, at_end: str, start_at_ms: Optional[int]
) -> Timeline:
    """Ports of one policy share one object, so that what follows from it is worked out once."""
    parsed = timeline_steps(STEPS.parse(steps))
    return Timeline(tuple(parsed), length_ms, repeat, at_end, start_at_ms)
