# SPDX-License-Identifier: Apache-2.0
"""A link comes out of its text as it went in, and a text that is none says what is wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from networking_netem.domain.impairment import MAXIMA, NONE, Impairment
from networking_netem.domain.link import Link
from networking_netem.domain.link_text import LONGEST, Said, Unreadable, read, written

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
        ('{"v":2}', 'a link says {"v":1,…}'),
        ('{"v":1,"egress":5}', "a direction is an object of numbers, not 5"),
        ('{"v":1,"egress":{"delay_us":1.5}}', "delay_us is a whole number, not 1.5"),
        ('{"v":1,"egress":{"delay_us":true}}', "delay_us is a whole number, not True"),
        ('{"v":1,"egress":{"delay_us":-1}}', "delay_us"),
        ("[" * 2000, "a link is JSON"),
        ("9" * 100_000, "characters at most, not 100000"),
    ],
)
def test_a_text_that_is_no_link_says_why(text: str, said: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read(text)
    assert said in str(caught.value)
    assert len(str(caught.value)) < 300
