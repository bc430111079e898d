# SPDX-License-Identifier: Apache-2.0
"""What a timeline says of a moment: steps, rounds, ramps, the end, and when the next change is."""

from __future__ import annotations

import random

import pytest

from networking_netem.domain.impairment import Impairment
from networking_netem.domain.link import Direction, Link
from networking_netem.domain.timeline import (
    HOLD,
    LOADED,
    OVER,
    REVERT,
    RUNNING,
    WAITING,
    Moment,
    Timeline,
    TimelineStep,
)
from networking_netem.domain.tree import in_flight_packets

BASE = Impairment(delay_us=20_000, rate_kbps=10_000)
START_MS = 1_000_000


def timeline(
    *steps: TimelineStep,
    length_ms: int = 10_000,
    repeat: int = 1,
    at_end: str = REVERT,
    start_at_ms: int | None = START_MS,
) -> Timeline:
    return Timeline(steps, length_ms, repeat, at_end, start_at_ms)


def step(at_ms: int, ramps: bool = False, **values: int) -> TimelineStep:
    return TimelineStep(at_ms, tuple(values.items()), ramps)


FLAP = (step(0), step(8000, loss_ppm=1_000_000))


@pytest.mark.parametrize(
    ("since_ms", "moment"),
    [
        (-1, Moment(WAITING)),
        (0, Moment(RUNNING, 1, 1, 0)),
        (7999, Moment(RUNNING, 1, 1, 7999)),
        (8000, Moment(RUNNING, 1, 2, 8000)),
        (10_000, Moment(RUNNING, 2, 1, 0)),
        (28_000, Moment(RUNNING, 3, 2, 8000)),
        (29_999, Moment(RUNNING, 3, 2, 9999)),
        (30_000, Moment(OVER, 3, 2, 10_000)),
        (10**12, Moment(OVER, 3, 2, 10_000)),
    ],
)
def test_where_it_is(since_ms: int, moment: Moment) -> None:
    assert timeline(*FLAP, repeat=3).moment(START_MS + since_ms) == moment


def test_for_ever_and_not_started() -> None:
    assert timeline(*FLAP, repeat=0).moment(START_MS + 10**12).state == RUNNING
    loaded = timeline(*FLAP, start_at_ms=None)
    assert loaded.moment(10**15) == Moment(LOADED)
    assert loaded.impairment(BASE, 10**15) == BASE
    assert loaded.next_change_ms(0) is None


def test_a_step_is_laid_over_the_other_rules() -> None:
    flapping = timeline(step(0), step(8000, loss_ppm=500_000, delay_us=1000))
    assert flapping.impairment(BASE, START_MS + 7999) == BASE
    down = flapping.impairment(BASE, START_MS + 8000)
    assert down == Impairment(delay_us=1000, rate_kbps=10_000, loss_ppm=500_000)


@pytest.mark.parametrize(("at_end", "loss_ppm"), [(REVERT, 0), (HOLD, 1_000_000)])
def test_the_end(at_end: str, loss_ppm: int) -> None:
    over = timeline(*FLAP, at_end=at_end).impairment(BASE, START_MS + 10_000)
    assert over.loss_ppm == loss_ppm


def test_a_ramp_is_a_straight_line_of_pieces() -> None:
    rising = timeline(step(0, ramps=True, delay_us=0), step(1000, delay_us=100_000))
    found = [rising.impairment(BASE, START_MS + each).delay_us for each in (0, 99, 100, 550, 999)]
    assert found == [0, 0, 10_000, 50_000, 90_000]
    assert rising.impairment(BASE, START_MS + 1000).delay_us == 100_000


def test_a_ramp_from_the_other_rules_and_back_to_them() -> None:
    out = timeline(step(0, ramps=True), step(1000, ramps=True, delay_us=120_000), length_ms=2000)
    assert out.impairment(BASE, START_MS + 500).delay_us == 70_000
    assert out.impairment(BASE, START_MS + 1500).delay_us == 70_000


@pytest.mark.parametrize(
    ("repeat", "at_end", "delay_us"), [(1, REVERT, 60_000), (1, HOLD, 100_000), (2, REVERT, 50_000)]
)
def test_what_the_last_ramp_of_a_round_leads_to(repeat: int, at_end: str, delay_us: int) -> None:
    last = timeline(
        step(0, delay_us=0),
        step(1000, ramps=True, delay_us=100_000),
        length_ms=2000,
        repeat=repeat,
        at_end=at_end,
    )
    assert last.impairment(BASE, START_MS + 1500).delay_us == delay_us


def test_a_ramp_to_an_unlimited_rate_keeps_the_rate_until_then() -> None:
    opening = timeline(step(0, ramps=True, rate_kbps=1000), step(1000), length_ms=2000)
    assert opening.impairment(Impairment(), START_MS + 900).rate_kbps == 1000
    assert opening.impairment(Impairment(), START_MS + 1000).rate_kbps == 0


def test_pieces_are_never_shorter_than_a_tenth_of_a_second() -> None:
    ramping = timeline(step(0, ramps=True, delay_us=0), step(1050, delay_us=1_000_000))
    now_ms, changes_ms = START_MS, []
    while now_ms < START_MS + 1050:
        now_ms = ramping.next_change_ms(now_ms) or 0
        changes_ms.append(now_ms - START_MS)
    assert changes_ms == [105, 210, 315, 420, 525, 630, 735, 840, 945, 1050]


def test_between_two_changes_nothing_changes() -> None:
    dice = random.Random(14)
    for _ in range(200):
        offsets = sorted(dice.sample(range(100, 9900, 100), dice.randint(1, 8)))
        steps = [
            step(at_ms, dice.random() < 0.5, delay_us=dice.randint(0, 10**6))
            for at_ms in [0, *offsets]
        ]
        moving = timeline(*steps, repeat=dice.randint(0, 3), at_end=dice.choice([REVERT, HOLD]))
        now_ms = START_MS + dice.randint(-500, 35_000)
        next_ms = moving.next_change_ms(now_ms)
        until_ms = next_ms if next_ms is not None else now_ms + 50_000
        holds = moving.impairment(BASE, now_ms)
        for _ in range(20):
            assert moving.impairment(BASE, dice.randint(now_ms, until_ms - 1)) == holds


def test_a_late_joiner_finds_what_the_others_have() -> None:
    """The link is a function of the clock alone: who steps along comes to the same."""
    moving = timeline(*FLAP, repeat=0)
    now_ms = START_MS - 1
    for _ in range(50):
        now_ms = moving.next_change_ms(now_ms) or 0
        since_ms = (now_ms - START_MS) % 10_000
        assert moving.impairment(BASE, now_ms).loss_ppm == (1_000_000 if since_ms == 8000 else 0)


def test_extremes_have_room_for_every_moment() -> None:
    moving = timeline(
        step(0, ramps=True, delay_us=1_000_000, rate_kbps=1000),
        step(5000, delay_us=10_000, rate_kbps=1_000_000),
    )
    extremes = moving.extremes(BASE, START_MS)
    assert extremes
    needs = [
        in_flight_packets(moving.impairment(BASE, START_MS + each)) for each in range(0, 10_000, 50)
    ]
    assert extremes.room_packets >= max(needs)
    assert extremes.least_kbps == 1000
    assert moving.extremes(BASE, START_MS - 1) == extremes
    assert moving.extremes(BASE, START_MS + 10_000) is None


def test_a_link_at_a_moment() -> None:
    link = Link(egress=BASE).with_timeline(Direction.INGRESS, timeline(*FLAP))
    assert not link.is_clean
    assert Link(egress_timeline=timeline(*FLAP, start_at_ms=None)).at(0).is_clean
    now = link.at(START_MS + 8000)
    assert (now.egress, now.ingress) == (BASE, Impairment(loss_ppm=1_000_000))
    assert not now.has_timeline
    assert now.ingress_extremes
    assert link.at(START_MS + 100).acts(Direction.INGRESS)
    assert not link.at(START_MS + 10_000).acts(Direction.INGRESS)
    assert link.next_change_ms(START_MS - 5) == START_MS
