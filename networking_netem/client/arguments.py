# SPDX-License-Identifier: Apache-2.0
"""The options for a rule's attributes, made from the declaration, the same in every program."""

from __future__ import annotations

import argparse
from typing import Any, Callable, Dict

from networking_netem.domain.attribute import Attribute, Choice, InvalidValue, Number
from networking_netem.domain.rule_types import DELAY_CORRELATION_MS, DIRECTION, RuleType

# People look for jitter under its own name.
_ALSO = {DELAY_CORRELATION_MS.name: ("--jitter-ms",)}


def option(attribute: Attribute) -> str:
    """Return the option that sets an attribute."""
    return "--" + attribute.name.replace("_", "-")


def add(parser: argparse.ArgumentParser, rule_type: RuleType, *, required: bool) -> None:
    """Add an option for each attribute; `required` asks for those that a new rule must have.

    Where it does not, what may be null has an option for that too.
    """
    for attribute in (*rule_type.attributes, *rule_type.asked):
        if attribute.name == DIRECTION.name:
            direction = attribute
            continue
        group = parser.add_mutually_exclusive_group() if attribute.is_optional else parser
        group.add_argument(
            option(attribute),
            *_ALSO.get(attribute.name, ()),
            dest=attribute.name,
            required=required and attribute.is_required,
            help=_help(attribute),
            **_takes(attribute),
        )
        if attribute.is_optional and not required:
            group.add_argument(
                option(attribute).replace("--", "--no-", 1),
                dest=attribute.name,
                action="store_const",
                const=_NULL,
                help=f"It does not matter: no {attribute.name} any more.",
            )
    assert isinstance(direction, Choice)
    directions = parser.add_mutually_exclusive_group()
    directions.add_argument(option(direction), choices=direction.choices, help=_help(direction))
    for choice in direction.choices:
        directions.add_argument(
            f"--{choice}",
            dest=DIRECTION.name,
            action="store_const",
            const=choice,
            help=f"Same as {option(direction)} {choice}.",
        )


def given(parsed_args: argparse.Namespace, rule_type: RuleType) -> Dict[str, Any]:
    """Return the values of the attributes that are on the command line."""
    attributes = (*rule_type.attributes, *rule_type.asked)
    values = ((each.name, getattr(parsed_args, each.name)) for each in attributes)
    return {name: None if value is _NULL else value for name, value in values if value is not None}


_NULL = object()


def _help(attribute: Attribute) -> str:
    text = attribute.help
    if not isinstance(attribute, Choice):
        text += f" Takes {attribute.expected}."
    if attribute.default is not None:
        text += f" Default of a new rule: {attribute.default}."
    return text


def _takes(attribute: Attribute) -> Dict[str, Any]:
    """What argparse is told of the values that an option takes."""
    if isinstance(attribute, Choice):
        return {"choices": attribute.choices}
    unit = attribute.unit if isinstance(attribute, Number) else attribute.name.replace("_", "-")
    return {"metavar": f"<{unit}>", "type": parser(attribute)}


def parser(attribute: Attribute) -> Callable[[str], Any]:
    """Return what reads an attribute's value, for argparse."""

    def parse(text: str) -> Any:
        try:
            return attribute.parse(text)
        except InvalidValue as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return parse
