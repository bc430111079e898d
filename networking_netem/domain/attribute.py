# SPDX-License-Identifier: Apache-2.0
"""An attribute of a rule: its name, what it takes, and which part of an impairment it sets."""

from __future__ import annotations

import re
import reprlib
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Callable, Optional, Protocol, Tuple, Union

MAX_TEXT = 100
"""Characters of the longest text that is read as a number; the longest exact value has 9 digits."""

MOST_TEXT_NUMBER = 255
"""The largest number that is read as a text."""

# No two neighbours match the same character: the time to refuse a text grows with its length only.
_NUMBER = re.compile(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)


class InvalidValue(ValueError):
    """A value that an attribute does not take; the message names attribute, range and value.

    ``why`` is a phrase behind that.
    """

    def __init__(self, attribute: str, expected: str, value: object, why: str = "") -> None:
        reason = f": {why}" if why else ""
        super().__init__(f"{attribute} must be {expected}, not {_shown.repr(value)}{reason}")
        self.attribute = attribute


@dataclass(frozen=True)
class Number:
    """An attribute that takes a decimal number between two whole bounds, both included.

    `field` is the field of `Impairment` that it sets. The field counts steps of the last decimal:
    three decimals of milliseconds are microseconds.
    """

    name: str
    minimum: int
    maximum: int
    decimals: int
    unit: str
    help: str
    default: Optional[int] = None
    """What an absent attribute means; `None`: it must be given."""
    field: str = ""

    @property
    def is_required(self) -> bool:
        """True when a new rule must have a value."""
        return self.default is None

    @property
    def is_optional(self) -> bool:
        """True when a rule may have null."""
        return False

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

    def steps(self, value: Optional[Union[int, float]]) -> int:
        """Return `value` in steps of the last decimal, exactly; the default for None.

        A value below 0 counts as 0, one above the maximum as the maximum.
        """
        if value is None:
            value = self.default or 0
        scale: int = 10**self.decimals
        return max(0, min(round(value * scale), self.maximum * scale))

    def value(self, steps: int) -> Union[int, float]:
        """Return what so many steps of the last decimal are, whole numbers as int."""
        return plain(Decimal(steps).scaleb(-self.decimals))


@dataclass(frozen=True)
class Choice:
    """An attribute that takes one of a few words; null too, where it is optional."""

    name: str
    choices: Tuple[str, ...]
    help: str
    default: Optional[str] = None
    is_optional: bool = False

    @property
    def is_required(self) -> bool:
        """True when a new rule must have a value."""
        return self.default is None and not self.is_optional

    @property
    def expected(self) -> str:
        """What the attribute takes, as said in messages and help."""
        return "one of " + ", ".join(self.choices)

    def parse(self, value: object) -> Optional[str]:
        """Return `value` if it is one of the choices, else raise `InvalidValue`."""
        if (isinstance(value, str) and value in self.choices) or (
            value is None and self.is_optional
        ):
            return value
        raise InvalidValue(self.name, self.expected, value)


@dataclass(frozen=True)
class Whole:
    """An attribute that takes a whole number between two bounds, both included.

    Where it is optional, it takes null, and is null when absent.
    """

    name: str
    minimum: int
    maximum: int
    help: str
    is_optional: bool = False
    default: Optional[int] = None

    @property
    def is_required(self) -> bool:
        """True when a new rule must have a value."""
        return self.default is None and not self.is_optional

    @property
    def expected(self) -> str:
        """What the attribute takes, as said in messages and help."""
        return f"a whole number from {self.minimum} to {self.maximum}"

    def parse(self, value: object) -> Optional[int]:
        """Return the whole number that `value` (a number or the text of one) holds.

        Raises `InvalidValue` for all else.
        """
        if value is None and self.is_optional:
            return None
        number = _decimal(value)
        if number is None or not self.minimum <= number <= self.maximum or _decimals(number) > 0:
            raise InvalidValue(self.name, self.expected, value)
        return int(number)


@dataclass(frozen=True)
class Text:
    """An attribute that takes null, as it is when absent, or a text that ``read`` knows.

    ``read`` returns the text in one form, or raises `InvalidValue`. A number is read as its text.
    """

    name: str
    expected: str
    help: str
    read: Callable[[str], Optional[str]]
    longest: int
    default: Optional[str] = None

    @property
    def is_required(self) -> bool:
        """Never true."""
        return False

    @property
    def is_optional(self) -> bool:
        """Always true."""
        return True

    def parse(self, value: Any) -> Optional[str]:
        """Return the text that `value` means, else raise `InvalidValue`."""
        if value is None:
            return None
        if type(value) is int and 0 <= value <= MOST_TEXT_NUMBER:
            value = str(value)
        if not isinstance(value, str) or len(value) > self.longest:
            raise InvalidValue(self.name, self.expected, value)
        return self.read(value)


class Attribute(Protocol):
    """What all kinds of attributes have; `parse` returns a value in one form.

    `is_required`: a new rule must have a value. `is_optional`: a rule may have null. `expected`
    says what it takes. `parse` raises `InvalidValue`.
    """

    @property
    def name(self) -> str: ...

    @property
    def help(self) -> str: ...

    @property
    def default(self) -> Any: ...

    @property
    def is_required(self) -> bool: ...

    @property
    def is_optional(self) -> bool: ...

    @property
    def expected(self) -> str: ...

    def parse(self, value: Any) -> Any: ...


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
    if not isinstance(value, str) or len(value) > MAX_TEXT or not _NUMBER.fullmatch(value):
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
