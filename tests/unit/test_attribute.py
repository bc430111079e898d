# SPDX-License-Identifier: Apache-2.0
"""The values that an attribute of a rule takes, and what it makes of them."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from networking_netem.domain.attribute import InvalidValue, Number
from networking_netem.domain.rule_types import DELAY_MS, DIRECTION, LOSS_PCT, RULE_TYPES

NUMBERS = [number for rule_type in RULE_TYPES for number in rule_type.numbers]

GOOD = [
    (0, 0),
    (60000, 60000),
    (10.0, 10),
    (-0.0, 0),
    (0.5, 0.5),
    (0.001, 0.001),
    (59999.999, 59999.999),
    ("10", 10),
    (" 10 ", 10),
    ("+10", 10),
    ("0.5", 0.5),
    (".5", 0.5),
    ("1e2", 100),
    ("5e-1", 0.5),
    ("10.000000000000000000000000000000000000", 10),
    ("0e400", 0),
    (Decimal("0.5"), 0.5),
]

BAD = [
    True,
    False,
    None,
    float("nan"),
    float("inf"),
    float("-inf"),
    -1,
    -0.001,
    60001,
    60000.001,
    0.0005,
    1e-7,
    5e-324,
    1.7e308,
    10**400,
    -(10**400),
    "",
    " ",
    "ten",
    "1e400",
    "1e-400",
    "1e99999999999999999999",
    "0e99999999999999999999",
    "nan",
    "Infinity",
    "1_000",
    "0x10",
    "1,5",
    "1 0",
    "10ms",
    "\uff11\uff10",
    "10.00000000000000000000000000000000001",
    b"10",
    [],
    [10],
    {},
    {"ms": 10},
    (10,),
    10j,
]


@pytest.mark.parametrize(("value", "expected"), GOOD, ids=repr)
def test_a_number_is_taken_exactly_and_whole_ones_are_int(value: object, expected: float) -> None:
    parsed = DELAY_MS.parse(value)
    assert parsed == expected
    assert type(parsed) is type(expected)


@pytest.mark.parametrize("value", BAD, ids=lambda value: repr(value)[:30])
def test_all_else_is_refused_naming_attribute_range_and_value(value: object) -> None:
    with pytest.raises(InvalidValue) as refused:
        DELAY_MS.parse(value)
    message = str(refused.value)
    assert message.startswith(
        "delay_ms must be a number from 0 to 60000 milliseconds with at most 3 decimals, not "
    )
    assert len(message) < 200


HOSTILE = {
    "digits": lambda size: "1" * size,
    "digits and a letter": lambda size: "1" * size + "x",
    "zeros": lambda size: "0" * size,
    "decimals": lambda size: "0." + "0" * size,
    "points": lambda size: "." * size,
    "points and digits": lambda size: "1." * (size // 2),
    "spaces": lambda size: " " * size + "1",
    "exponent": lambda size: "1e" + "9" * size,
    "exponents": lambda size: "1e" * (size // 2),
    "full-width digits": lambda size: "\uff11" * size,
}


@pytest.mark.parametrize("shape", HOSTILE)
def test_a_long_text_is_refused_at_once(shape: str) -> None:
    for size in (10**3, 10**4, 10**5, 10**6):
        text = HOSTILE[shape](size)
        begin_s = time.process_time()
        with pytest.raises(InvalidValue) as refused:
            DELAY_MS.parse(text)
        assert time.process_time() - begin_s < 0.05
        assert len(str(refused.value)) < 200


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number.name)
@given(data=st.data())
def test_every_number_in_the_range_survives_each_way_of_writing_it(
    number: Number, data: st.DataObject
) -> None:
    exact = data.draw(st.decimals(number.minimum, number.maximum, places=number.decimals))
    parsed = number.parse(str(exact))
    assert Decimal(repr(parsed)) == exact
    assert number.parse(float(exact)) == number.parse(exact) == number.parse(parsed) == parsed


@given(st.one_of(st.none(), st.text(), st.floats(), st.integers(), st.lists(st.integers())))
def test_a_value_is_either_in_the_range_or_refused(value: object) -> None:
    try:
        parsed = LOSS_PCT.parse(value)
    except InvalidValue:
        return
    assert 0 <= parsed <= 100


def test_what_is_huge_is_refused_at_once() -> None:
    began = time.process_time()
    for value in (10**100_000, "9" * 1_000_000, "1e999999999", [10**100_000], "0." + "1" * 10**6):
        with pytest.raises(InvalidValue):
            DELAY_MS.parse(value)
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize("value", [None, True, "", "both", "EGRESS", 1, [], ["egress"], {}])
def test_a_direction_is_one_of_two_words(value: object) -> None:
    assert DIRECTION.parse("ingress") == "ingress"
    with pytest.raises(InvalidValue, match="direction must be one of egress, ingress, not "):
        DIRECTION.parse(value)


def test_names_in_bodies() -> None:
    assert (RULE_TYPES[0].member, RULE_TYPES[0].collection) == ("delay_rule", "delay_rules")
