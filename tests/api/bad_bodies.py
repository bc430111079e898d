# SPDX-License-Identifier: Apache-2.0
"""Random bodies, from a seed, that every request to our rules must refuse."""

from __future__ import annotations

import json
import random
import string
from dataclasses import dataclass
from typing import Any, Iterator, Optional, Union

from networking_netem.domain.attribute import Attribute, Choice, Number, Text, Whole
from networking_netem.domain.rule_types import RuleType
from networking_netem.domain.steps import StepList


@dataclass(frozen=True)
class Bad:
    """A body, and the attribute that the refusal must name where one value is bad."""

    kind: str
    text: str
    attribute: Optional[Attribute] = None
    content_type: str = "application/json"


def bad_bodies(rule_type: RuleType, seed: int) -> Iterator[Bad]:
    """Yield bad bodies for ever, of all kinds in turn."""
    dice = random.Random(seed)
    while True:
        yield _bad_value(rule_type, dice)
        yield _wrong_envelope(rule_type, dice)
        yield _unknown_attribute(rule_type, dice)
        yield _no_json(rule_type, dice)
        yield _too_deep(rule_type, dice)
        yield _wrong_content_type(rule_type, dice)


def good(rule_type: RuleType, dice: random.Random) -> dict[str, Any]:
    """Return attributes that would be accepted."""
    return {each.name: _good_value(each, dice) for each in rule_type.attributes}


def _good_value(attribute: Attribute, dice: random.Random) -> Any:
    if isinstance(attribute, Choice):
        return dice.choice(attribute.choices)
    if isinstance(attribute, Text):
        return None
    if isinstance(attribute, StepList):
        return [
            {"at_ms": 0, "delay_ms": dice.randint(0, 60_000), "ramp": dice.choice([True, False])}
        ]
    return dice.randint(attribute.minimum, attribute.maximum)


def _text(dice: random.Random, most: int = 12) -> str:
    letters = string.printable + "äß€\u0000\ud800\U0001f600"
    return "".join(dice.choice(letters) for _ in range(dice.randint(0, most)))


def _bad_value(rule_type: RuleType, dice: random.Random) -> Bad:
    attribute = dice.choice(rule_type.attributes)
    body = {rule_type.member: {**good(rule_type, dice), attribute.name: "HERE"}}
    value = _bad(attribute, dice)
    while value == "null" and attribute.is_optional:
        value = _bad(attribute, dice)
    return Bad("value", json.dumps(body).replace('"HERE"', value), attribute)


def _bad(attribute: Attribute, dice: random.Random) -> str:
    """Return a value, in JSON, that an attribute does not take; null perhaps where it does."""
    if isinstance(attribute, Choice):
        return _bad_choice(dice)
    if isinstance(attribute, Text):
        return dice.choice(
            [*map(json.dumps, (_text(dice) + "?", "10.0.0.0/33", "%")), "true", "-1"]
        )
    if isinstance(attribute, StepList):
        return _bad_steps(dice)
    decimals = attribute.decimals if isinstance(attribute, Number) else 0
    return _bad_number(attribute, decimals, dice)


def _bad_number(number: Union[Number, Whole], decimals: int, dice: random.Random) -> str:
    """Return a value, in JSON, that a number of so many decimals does not take."""
    inside = dice.randint(number.minimum, number.maximum - 1)
    digits = "".join(dice.choice("0123456789") for _ in range(decimals))
    bad = dice.choice(
        [
            str(dice.randint(number.maximum + 1, 10 ** dice.randint(6, 400))),
            str(-dice.randint(1, 10 ** dice.randint(1, 400))),
            f"{inside}.{digits}{dice.randint(1, 9)}",
            f"{number.maximum}.{dice.randint(1, 9)}",
            f"{dice.randint(1, 9)}e{dice.randint(6, 10**9)}",
            f"-{dice.randint(1, 9)}e-{dice.randint(1, 300)}",
            f"{dice.randint(1, 9)}e-{dice.randint(decimals + 1, 300)}",
        ]
    )
    # A JSON parser reads such a number as 0.0, which is a good value.
    vanishes = float(bad) == 0 if "e" in bad else False
    return dice.choice(
        [
            '"0x10"' if vanishes else bad,
            json.dumps(bad),
            json.dumps(_text(dice) + "x"),
            *("true", "false", "null", "NaN", "Infinity", "-Infinity", '"NaN"', '"inf"', '""'),
            json.dumps([inside]),
            json.dumps({"value": inside}),
            f'"{inside}ms"',
            f'"{inside},5"',
            f'"{inside}_0"',
        ]
    )


def _bad_choice(dice: random.Random) -> str:
    words = ["EGRESS", "Ingress", " egress", "egress ", "both", "", "Any", _text(dice) + "?"]
    return dice.choice([*map(json.dumps, words), "true", "null", "1", "0.5", "[]", '["egress"]'])


def _bad_steps(dice: random.Random) -> str:
    """Return steps, in JSON, of which one is bad, or that are none."""
    first, bad = {"at_ms": 0}, dice.randint(60_001, 10**30)
    return json.dumps(
        dice.choice(
            [
                *(
                    [],
                    {},
                    [first] * 1001,
                    [[]],
                    [1],
                    ["text"],
                    None,
                    True,
                    1,
                    _text(dice) + "[",
                    "[]",
                ),
                *([{}], [{"at_ms": 1}], [{"at_ms": -1}], [{"at_ms": "x"}], [{"at_ms": None}]),
                *([first, first], [first, {"at_ms": 200}, {"at_ms": 100}]),
                [{**first, "delay_ms": bad}],
                [{**first, "loss_pct": 0.00001}],
                [{**first, "ramp": dice.choice([1, 0, "true", None])}],
                [{**first, "loss_pct": 75, "loss_burst_packets": 1.5}],
                [{**first, _text(dice) + "x": 1}],
            ]
        )
    )


def _wrong_envelope(rule_type: RuleType, dice: random.Random) -> Bad:
    rule = good(rule_type, dice)
    body = dice.choice(
        [
            rule,
            [rule],
            {},
            [],
            None,
            True,
            dice.randint(-9, 9),
            _text(dice),
            {rule_type.member: None},
            {rule_type.member: [rule]},
            {rule_type.member: dice.choice([1, 0.5, True, "text", ""])},
            {rule_type.collection: rule},
            {rule_type.collection: dice.choice([[], {}, None, 1, "text", [[]], [1], ["text"]])},
            {rule_type.collection: [{"rule": rule}]},
            {rule_type.member.upper(): rule},
            {"bandwidth_limit_rule": {"max_kbps": 1}},
            {_text(dice): rule},
        ]
    )
    return Bad("envelope", json.dumps(body))


def _unknown_attribute(rule_type: RuleType, dice: random.Random) -> Bad:
    names = ["id", "type", "qos_policy_id", "max_kbps", "delay", "loss", "", _text(dice) + "x"]
    body = {**good(rule_type, dice), dice.choice(names): dice.choice([1, "x", None, [], {}])}
    return Bad("attribute", json.dumps({rule_type.member: body}))


def _no_json(rule_type: RuleType, dice: random.Random) -> Bad:
    whole = json.dumps({rule_type.member: good(rule_type, dice)})
    cut = whole[: dice.randint(1, len(whole) - 1)]
    other = dice.choice(
        [cut, "x" + whole, whole + "x", whole + whole, whole.replace('"', "'"), "delay_ms=1", "\0"]
    )
    return Bad("no JSON", other)


def _too_deep(rule_type: RuleType, dice: random.Random) -> Bad:
    levels = dice.choice([17, 100, 300, 500, 990, 1100, 5000, 50_000])
    opening, closing = dice.choice([("[", "]"), ('{"a":', "}")])
    inner = opening * levels + dice.choice(["1" + closing * levels, ""])
    return Bad("depth", dice.choice([inner, f'{{"{rule_type.member}": {{"direction": {inner}}}}}']))


def _wrong_content_type(rule_type: RuleType, dice: random.Random) -> Bad:
    types = ["text/plain", "application/xml", "application/x-www-form-urlencoded", "text/json", "?"]
    text = json.dumps({rule_type.member: good(rule_type, dice)})
    return Bad("content type", text, content_type=dice.choice(types))
