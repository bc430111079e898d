# SPDX-License-Identifier: Apache-2.0
"""A link comes out of its text as it went in, and a text that is none says what is wrong."""

from __future__ import annotations

import base64
import random
import zlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from networking_netem.domain.impairment import MAXIMA, NONE, Impairment
from networking_netem.domain.link import Direction, Link
from networking_netem.domain.link_text import LONGEST, Said, Unreadable, read, written
from networking_netem.domain.selector import IMPAIR, IPV6, MOST, PASS, Selector
from networking_netem.domain.timeline import Timeline, TimelineStep

FIELDS = {name: st.integers(0, most) for name, most in MAXIMA.items()}


def _impairment(values: dict) -> Impairment:
    try:
        made = Impairment(**values)
    except ValueError:
        return NONE
    # A burst alone changes nothing, so the text leaves it out.
    return NONE if made.is_none else made


IMPAIRMENTS = st.fixed_dictionaries(FIELDS).map(_impairment)


@given(st.builds(Link, egress=IMPAIRMENTS, ingress=IMPAIRMENTS))
def test_a_link_comes_out_as_it_went_in(link: Link) -> None:
    text = written(link)
    assert read(text) == Said(link)
    assert len(text) <= LONGEST
    assert (text == "") == (link == Link.CLEAN)


def test_a_burst_alone_is_a_clean_link() -> None:
    assert written(Link(egress=Impairment(burst_kbit=1))) == ""


def test_the_longest_link_is_read() -> None:
    most = Impairment(**MAXIMA)
    assert len(written(Link(most, most))) < LONGEST


LONGEST_SELECTOR = Selector(
    1000, IMPAIR, IPV6, 132, 65_535, 65_535, "2001:db8:1111:2222:3333:4444:5555:6666/128"
)
SELECTIVE = Link(
    egress=Impairment(delay_us=5),
    egress_selectors=(Selector(1, PASS, protocol=6, port_range_min=22, port_range_max=22),),
)


def test_a_link_comes_with_its_selectors() -> None:
    text = '{"v":2,"egress":{"delay_us":5,"selectors":[[1,"pass","IPv4",6,22,22,null]]}}'
    assert written(SELECTIVE) == text
    assert read(text) == Said(SELECTIVE)


def test_selectors_of_a_clean_link_are_left_out() -> None:
    assert written(SELECTIVE.with_impairment(Direction.EGRESS, NONE)) == ""


def test_the_longest_link_with_selectors_is_read() -> None:
    most = Impairment(**MAXIMA)
    selectors = tuple(replace(LONGEST_SELECTOR, priority=1000 - each) for each in range(MOST))
    link = Link(most, most)
    for direction in Direction:
        link = link.with_selectors(direction, selectors)
    print(f"{len(written(link))} characters")
    assert read(written(link)) == Said(link)


def test_what_a_newer_server_says_more_is_passed_over() -> None:
    text = '{"v":1,"egress":{"delay_us":5,"smell":1.5},"ingress":{"smell":[]},"when":{}}'
    known = Link(egress=Impairment(delay_us=5))
    assert read(text) == Said(known, frozenset({"smell", "when"}))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "a link is JSON"),
        ("[1]", 'a link says {"v":1,…}'),
        ('{"egress":{}}', 'a link says {"v":1,…}'),
        ('{"v":3}', 'a link says {"v":1,…}'),
        ('{"v":2,"egress":{"selectors":[5]}}', "selectors are lists in a list, not [5]"),
        ('{"v":2,"egress":{"selectors":[[1,"drop"]]}}', "action must be one of impair, pass"),
        ('{"v":2,"egress":{"selectors":[[1,"pass","IPv4","tcp"]]}}', "protocol must be"),
        ('{"v":2,"egress":{"selectors":[[1,"pass","IPv4",6,1,2,7]]}}', "cannot be read"),
        ('{"v":2,"egress":{"selectors":[[]]}}', "a selector cannot be read"),
        ('{"v":1,"egress":5}', "a direction is an object of numbers, not 5"),
        ('{"v":1,"egress":{"delay_us":1.5}}', "delay_us is a whole number, not 1.5"),
        ('{"v":1,"egress":{"delay_us":true}}', "delay_us is a whole number, not True"),
        ('{"v":1,"egress":{"delay_us":-1}}', "delay_us"),
        ("[" * 2000, "a link is JSON"),
        ("9" * (LONGEST + 1), f"characters at most, not {LONGEST + 1}"),
    ],
)
def test_a_text_that_is_no_link_says_why(text: str, said: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read(text)
    assert said in str(caught.value)
    assert len(str(caught.value)) < 300


MOVING = Timeline(
    (TimelineStep(0), TimelineStep(8000, (("loss_ppm", 1_000_000),), ramps=True)),
    *(10_000, 0, "hold", 1_700_000_000_000),
)


def test_a_link_comes_with_its_timelines() -> None:
    link = Link(egress=Impairment(delay_us=5)).with_timeline(Direction.INGRESS, MOVING)
    text = written(link)
    assert text.startswith(
        '{"v":1,"egress":{"delay_us":5},"ingress":{"timeline":{"steps":[[0,0,{}],'
    )
    assert read(text) == Said(link)
    assert read(
        written(Link(egress_timeline=replace(MOVING, start_at_ms=None)))
    ).link.egress_timeline


def test_a_long_link_is_packed() -> None:
    dice = random.Random(1)
    steps = tuple(
        TimelineStep(each * 100, (("delay_us", dice.randint(0, 10**6)), ("loss_ppm", each)))
        for each in range(1000)
    )
    link = Link(*(NONE, NONE, (), ()), *(replace(MOVING, steps=steps, length_ms=10**6),) * 2)
    text = written(link)
    assert text.startswith("zlib:")
    assert len(text) < 20_000
    assert read(text) == Said(link)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("zlib:%%%", "cannot be unpacked"),
        ("zlib:AAAA", "cannot be unpacked"),
        (f"zlib:{base64.b64encode(zlib.compress(b' ' * (LONGEST + 1))).decode()}", "at most"),
        ('{"v":1,"egress":{"timeline":5}}', "a timeline is an object with steps"),
        (written(Link(egress_timeline=replace(MOVING, steps=()))), "begin at 0"),
        (written(Link(egress_timeline=replace(MOVING, length_ms=8000))), "end within"),
        (written(Link(egress_timeline=replace(MOVING, at_end="?"))), "that are known"),
        (written(Link(egress_timeline=replace(MOVING, start_at_ms=True))), "whole number or null"),
    ],
)
def test_a_timeline_that_is_none_says_why(text: str, said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        read(text)


def test_fields_of_a_step_that_are_not_known_are_passed_over() -> None:
    text = written(Link(egress_timeline=MOVING)).replace("loss_ppm", "teleport_ppm")
    timeline = read(text).link.egress_timeline
    assert timeline
    assert timeline.steps[1].values == ()
