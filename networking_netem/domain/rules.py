# SPDX-License-Identifier: Apache-2.0
"""The two QoS rule types, declared once: names, ranges, decimals, units, defaults and help."""

from __future__ import annotations

import re
import reprlib
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Optional, Tuple, Union

from networking_netem.domain.link import Direction

_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)


class InvalidValue(ValueError):
    """A value that an attribute does not take; the message names attribute, range and value."""

    def __init__(self, attribute: str, expected: str, value: object) -> None:
        super().__init__(f"{attribute} must be {expected}, not {_shown.repr(value)}")
        self.attribute = attribute


@dataclass(frozen=True)
class Number:
    """An attribute that takes a decimal number between two whole bounds, both included."""

    name: str
    minimum: int
    maximum: int
    decimals: int
    unit: str
    help: str
    default: Optional[int] = None
    """What an absent attribute means; `None`: it must be given."""

    @property
    def expected(self) -> str:
        """What the attribute takes, as said in messages and help."""
        return (
            f"a number from {self.minimum} to {self.maximum} {self.unit}"
            f" with at most {self.decimals} decimals"
        )

    def parse(self, value: object) -> Union[int, float]:
        """Return the number that `value` (a number or the text of one) holds, whole ones as int.

        Raises `InvalidValue` for all else: out of range, too many decimals, bool, None, NaN, text.
        """
        number = _decimal(value)
        if (
            number is None
            or not self.minimum <= number <= self.maximum
            or _decimals(number) > self.decimals
        ):
            raise InvalidValue(self.name, self.expected, value)
        return plain(number)


@dataclass(frozen=True)
class Choice:
    """An attribute that takes one of a few words."""

    name: str
    choices: Tuple[str, ...]
    help: str
    default: Optional[str] = None

    @property
    def expected(self) -> str:
        """What the attribute takes, as said in messages and help."""
        return "one of " + ", ".join(self.choices)

    def parse(self, value: object) -> str:
        """Return `value` if it is one of the choices, else raise `InvalidValue`."""
        if isinstance(value, str) and value in self.choices:
            return value
        raise InvalidValue(self.name, self.expected, value)


Attribute = Union[Number, Choice]


@dataclass(frozen=True)
class RuleType:
    """One kind of rule in a QoS policy: its name in the API and the attributes it has."""

    name: str
    help: str
    attributes: Tuple[Attribute, ...]

    @property
    def member(self) -> str:
        """The key of one rule in a body."""
        return f"{self.name}_rule"

    @property
    def collection(self) -> str:
        """The key of a list of rules in a body, and the last part of their path."""
        return f"{self.name}_rules"


def plain(number: Union[Decimal, float]) -> Union[int, float]:
    """Return a finite number as an int where it is whole, else as a float."""
    return int(number) if number == int(number) else float(number)


def _decimal(value: object) -> Optional[Decimal]:
    """Return the exact finite decimal that `value` holds, None where it holds none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        # The bound keeps cheap what would take quadratic time: writing a huge int in decimal.
        return Decimal(value) if value.bit_length() <= 64 else None
    if isinstance(value, (float, Decimal)):
        value = str(value)
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        return None
    try:
        return Decimal(value)
    except InvalidOperation:  # an exponent beyond what a Decimal holds
        return None


def _decimals(number: Decimal) -> int:
    """Return how many digits after the point `number` needs; trailing zeros need none."""
    _, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    if not number:
        return 0
    significant = len(digits)
    while not digits[significant - 1]:
        significant -= 1
    return -(exponent + len(digits) - significant)


class _Shown(reprlib.Repr):
    """A value in a message: as written, but never long and never slow to write."""

    def repr_int(self, x: int, level: int) -> str:
        # Python 3.11 refuses to print an int above 4300 digits; before, it took quadratic time.
        if x.bit_length() > 128:
            return f"a whole number of {x.bit_length()} bits"
        return repr(x)


_shown = _Shown()
_shown.maxstring = 60

DELAY_MS = Number(
    "delay_ms",
    minimum=0,
    maximum=60_000,
    decimals=3,
    unit="milliseconds",
    help="One-way delay added to every packet.",
)
DELAY_CORRELATION_MS = Number(
    "delay_correlation_ms",
    minimum=0,
    maximum=30_000,
    decimals=3,
    unit="milliseconds",
    default=0,
    help="Jitter: how far the delay of a packet may lie from the mean, in either direction.",
)
LOSS_PCT = Number(
    "loss_pct",
    minimum=0,
    maximum=100,
    decimals=4,
    unit="percent",
    help="Share of the packets that is dropped.",
)
DIRECTION = Choice(
    "direction",
    choices=tuple(each.value for each in Direction),
    default=Direction.EGRESS.value,
    help="Which packets: those that the instance sends (egress) or receives (ingress).",
)

DELAY = RuleType(
    "delay",
    help="Delay, with jitter",
    attributes=(DELAY_MS, DELAY_CORRELATION_MS, DIRECTION),
)
LOSS = RuleType("loss", help="Packet loss", attributes=(LOSS_PCT, DIRECTION))
RULE_TYPES = (DELAY, LOSS)
NAMES = tuple(rule_type.name for rule_type in RULE_TYPES)
