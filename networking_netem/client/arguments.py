# SPDX-License-Identifier: Apache-2.0
"""The options for a rule's attributes, made from the declaration, the same in every program."""

from __future__ import annotations

import argparse
from typing import Any, Callable, Dict

from networking_netem.domain.attribute import Attribute, InvalidValue, Number
from networking_netem.domain.rule_types import DELAY_CORRELATION_MS, DIRECTION, RuleType

# People look for jitter under its own name.
_ALSO = {DELAY_CORRELATION_MS.name: ("--jitter-ms",)}


def option(attribute: Attribute) -> str:
    """Return the option that sets an attribute."""
    return "--" + attribute.name.replace("_", "-")


def add(parser: argparse.ArgumentParser, rule_type: RuleType, *, required: bool) -> None:
    """Add an option for each attribute; `required` asks for those that have no default."""
    for attribute in rule_type.attributes:
        if not isinstance(attribute, Number):
            continue
        parser.add_argument(
            option(attribute),
            *_ALSO.get(attribute.name, ()),
            dest=attribute.name,
            metavar=f"<{attribute.unit}>",
            type=_parser(attribute),
            required=required and attribute.default is None,
            help=_help(attribute),
        )
    directions = parser.add_mutually_exclusive_group()
    directions.add_argument(option(DIRECTION), choices=DIRECTION.choices, help=_help(DIRECTION))
    for choice in DIRECTION.choices:
        directions.add_argument(
            f"--{choice}",
            dest=DIRECTION.name,
            action="store_const",
            const=choice,
            help=f"Same as {option(DIRECTION)} {choice}.",
        )


def given(parsed_args: argparse.Namespace, rule_type: RuleType) -> Dict[str, Any]:
    """Return the values of the attributes that are on the command line."""
    values = ((each.name, getattr(parsed_args, each.name)) for each in rule_type.attributes)
    return {name: value for name, value in values if value is not None}


def _help(attribute: Attribute) -> str:
    text = attribute.help
    if isinstance(attribute, Number):
        text += f" Takes {attribute.expected}."
    if attribute.default is not None:
        text += f" Default of a new rule: {attribute.default}."
    return text


def _parser(number: Number) -> Callable[[str], Any]:
    def parse(text: str) -> Any:
        try:
            return number.parse(text)
        except InvalidValue as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return parse
