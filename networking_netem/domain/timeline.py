# SPDX-License-Identifier: Apache-2.0
"""What a direction of a link does when: a pure function of its timeline and the clock."""

from __future__ import annotations

import bisect
import functools
from dataclasses import dataclass, replace
from typing import Iterator, List, Optional, Tuple

from networking_netem.domain.impairment import MAXIMA, Impairment
from networking_netem.domain.instant import written
from networking_netem.domain.tree import in_flight_packets

PIECE_MS = 100
"""A straight line to the next step is cut into pieces of this length, or up to twice as long."""

REVERT, HOLD = "revert", "hold"
AT_END = (REVERT, HOLD)
"""What holds after the last round: the policy's other rules, or the last step."""

LOADED, WAITING, RUNNING, OVER = "loaded", "waiting", "running", "over"
"""A timeline without a start; before it; in its rounds; after the last."""

_UNLIMITED = "rate_kbps"


@dataclass(frozen=True)
class TimelineStep:
    """What holds from ``at_ms`` of a round on, until the next step.

    ``values`` are fields of `Impairment` by name; those that it does not name are what the policy's
    other rules say. Where it ``ramps``, they go on a straight line to those of the next step.
    """

    at_ms: int
    values: Tuple[Tuple[str, int], ...] = ()
    ramps: bool = False

    def over(self, base: Impairment) -> Impairment:
        """The impairment of this step, over that of the other rules."""
        return replace(base, **dict(self.values))


@dataclass(frozen=True)
class Moment:
    """Where a timeline is: its state, and the round and the step, each counted from 1, or 0."""

    state: str
    round: int = 0
    step: int = 0
    in_round_ms: int = 0


@dataclass(frozen=True)
class Extremes:
    """What a tree is made for while its impairment changes by itself.

    Its netem has room for ``room_packets`` at any time. ``least_kbps`` is the lowest rate; 0 where
    there is none.
    """

    room_packets: int
    least_kbps: int


@dataclass(frozen=True)
class Timeline:
    """Steps in rounds of ``length_ms``; ``repeat`` 0 is for ever.

    ``start_at_ms`` counts from 1970 in UTC; None is loaded, not running. Times are whole
    milliseconds.
    """

    steps: Tuple[TimelineStep, ...]
    length_ms: int
    repeat: int = 1
    at_end: str = REVERT
    start_at_ms: Optional[int] = None

    def __str__(self) -> str:
        """The timeline as an operator reads it."""
        rounds = f"{self.repeat} rounds" if self.repeat else "rounds without end"
        begins = "not started" if self.start_at_ms is None else f"from {written(self.start_at_ms)}"
        return f"{len(self.steps)} steps in {rounds} of {self.length_ms / 1000:g} s, {begins}"

    def moment(self, now_ms: int) -> Moment:
        """Where the timeline is now."""
        if self.start_at_ms is None:
            return Moment(LOADED)
        since_ms = now_ms - self.start_at_ms
        if since_ms < 0:
            return Moment(WAITING)
        rounds, in_round_ms = divmod(since_ms, self.length_ms)
        if self.repeat and rounds >= self.repeat:
            return Moment(OVER, self.repeat, len(self.steps), self.length_ms)
        step = bisect.bisect_right(self._offsets_ms, in_round_ms)
        return Moment(RUNNING, rounds + 1, step, in_round_ms)

    def impairment(self, base: Impairment, now_ms: int) -> Impairment:
        """What happens to packets now; ``base`` is what the policy's other rules say."""
        moment = self.moment(now_ms)
        if moment.state == OVER and self.at_end == HOLD:
            return self.steps[-1].over(base)
        if moment.state != RUNNING:
            return base
        step = self.steps[moment.step - 1]
        here = step.over(base)
        if not step.ramps:
            return here
        begin_ms, end_ms = self._span_ms(moment)
        pieces = _pieces(begin_ms, end_ms)
        piece = bisect.bisect_right(pieces, moment.in_round_ms) - 1
        share = (pieces[piece] - begin_ms) / (end_ms - begin_ms)
        return _between(here, self._after(moment, base), share)

    def next_change_ms(self, now_ms: int) -> Optional[int]:
        """When something else may happen to packets than now; None when nothing ever will."""
        moment = self.moment(now_ms)
        if moment.state == WAITING:
            return self.start_at_ms
        if moment.state != RUNNING or self.start_at_ms is None:
            return None
        begin_ms, end_ms = self._span_ms(moment)
        round_at_ms = self.start_at_ms + (moment.round - 1) * self.length_ms
        if self.steps[moment.step - 1].ramps:
            pieces = _pieces(begin_ms, end_ms)
            piece = bisect.bisect_right(pieces, moment.in_round_ms)
            end_ms = pieces[piece] if piece < len(pieces) else end_ms
        return round_at_ms + end_ms

    def extremes(self, base: Impairment, now_ms: int) -> Optional[Extremes]:
        """What the tree is made for until the last round ends; None where it is not running."""
        if self.moment(now_ms).state not in (WAITING, RUNNING):
            return None
        return _extremes(self, base)

    @functools.cached_property
    def _offsets_ms(self) -> List[int]:
        return [step.at_ms for step in self.steps]

    def _span_ms(self, moment: Moment) -> Tuple[int, int]:
        """When the step of a moment begins and ends in its round."""
        ends_ms = (*self._offsets_ms[1:], self.length_ms)
        return self._offsets_ms[moment.step - 1], ends_ms[moment.step - 1]

    def _after(self, moment: Moment, base: Impairment) -> Impairment:
        """What a ramp leads to: the next step, of the next round too, or what holds at the end."""
        if moment.step < len(self.steps):
            return self.steps[moment.step].over(base)
        if not self.repeat or moment.round < self.repeat:
            return self.steps[0].over(base)
        return base if self.at_end == REVERT else self.steps[-1].over(base)


@functools.lru_cache(maxsize=256)
def _extremes(timeline: Timeline, base: Impairment) -> Extremes:
    holding = [base, *(step.over(base) for step in timeline.steps)]
    packets = [in_flight_packets(each) for each in holding]
    following = (*holding[2:], holding[1])
    for step, here, after in zip(timeline.steps, holding[1:], following):
        if step.ramps:
            packets += [in_flight_packets(_most(here, after)), in_flight_packets(_most(here, base))]
    rates_kbps = [each.rate_kbps for each in holding if each.rate_kbps]
    return Extremes(max(packets), min(rates_kbps, default=0))


def _most(*impairments: Impairment) -> Impairment:
    """More than each of these in all that needs room."""
    rates_kbps = [each.rate_kbps for each in impairments]
    return Impairment(
        delay_us=max(each.delay_us for each in impairments),
        jitter_us=max(each.jitter_us for each in impairments),
        duplicate_ppm=max(each.duplicate_ppm for each in impairments),
        rate_kbps=max(rates_kbps) if all(rates_kbps) else 0,
    )


@functools.lru_cache(maxsize=1024)
def _pieces(begin_ms: int, end_ms: int) -> Tuple[int, ...]:
    """When each piece of a ramp begins."""
    count = max((end_ms - begin_ms) // PIECE_MS, 1)
    return tuple(begin_ms + (end_ms - begin_ms) * piece // count for piece in range(count))


def _between(first: Impairment, last: Impairment, share: float) -> Impairment:
    """A point of the straight line from one impairment to another.

    A rate that begins or ends unlimited stays as it is until the end.
    """
    values = dict(_points(first, last, share))
    return replace(first, **values)


def _points(first: Impairment, last: Impairment, share: float) -> Iterator[Tuple[str, int]]:
    for field in MAXIMA:
        begin, end = getattr(first, field), getattr(last, field)
        if begin == end or (field == _UNLIMITED and not (begin and end)):
            continue
        yield field, round(begin + (end - begin) * share)
