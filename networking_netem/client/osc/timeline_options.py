# SPDX-License-Identifier: Apache-2.0
"""The options that commands about timelines share."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, Dict

from osc_lib import exceptions

from networking_netem.client import arguments, duration, step_text
from networking_netem.domain.attribute import Attribute, InvalidValue
from networking_netem.domain.timeline_rule import (
    AT_END_,
    LENGTH_MS,
    REPEAT,
    START_AT,
    START_IN_MS,
    STEPS,
    TIMELINE_DIRECTION,
)

LEAD = "3s"
"""Until then, all hosts have heard of a start."""


def add_policy(parser: argparse.ArgumentParser) -> None:
    """Add the argument that names the policy."""
    parser.add_argument("qos_policy", metavar="<qos-policy>", help="QoS policy (name or ID).")


def add_direction(parser: argparse.ArgumentParser, text: str, default: Any = None) -> None:
    """Add the options for the direction; ``text`` says which it is about."""
    name = TIMELINE_DIRECTION.name
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--direction", choices=TIMELINE_DIRECTION.choices, default=default, help=text
    )
    for choice in TIMELINE_DIRECTION.choices:
        group.add_argument(
            f"--{choice}",
            dest=name,
            action="store_const",
            const=choice,
            help=f"Same as --direction {choice}.",
        )


def add_rounds(parser: argparse.ArgumentParser) -> None:
    """Add the options for how often, and what then."""
    parser.add_argument(
        "--repeat",
        metavar="<rounds>",
        type=arguments.parser(REPEAT),
        help=f"{REPEAT.help} Default of a new one: {REPEAT.default}.",
    )
    parser.add_argument("--at-end", choices=AT_END_.choices, help=AT_END_.help)


def add_start(parser: argparse.ArgumentParser, by_itself: bool) -> None:
    """Add the options for the start; ``by_itself``: it starts unless it is told not to."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--start-in",
        dest=START_IN_MS.name,
        metavar="<duration>",
        type=milliseconds,
        default=milliseconds(LEAD) if by_itself else None,
        help="Start so long from now, at the same time on all hosts."
        + (f" Default: {LEAD}." if by_itself else " By default it does not start."),
    )
    if by_itself:
        group.add_argument(
            "--no-start",
            dest=START_IN_MS.name,
            action="store_const",
            const=None,
            help="Do not start it; see `timeline start`.",
        )


def add_steps(parser: argparse.ArgumentParser) -> None:
    """Add the options for the steps of a round and its length."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--step",
        metavar="'<time> [<name>=<number>]… [ramp]'",
        type=_step,
        action="append",
        help=f"A step: {step_text.EXPECTED}. The names are those of the rules. May be repeated.",
    )
    group.add_argument(
        "--steps",
        metavar="<file>",
        help="JSON of all steps, from a file or, for -, from standard input: a list, or what"
        " `timeline show -f json` prints.",
    )
    parser.add_argument(
        "--length", dest=LENGTH_MS.name, metavar="<duration>", type=milliseconds,
        help="Length of a round.",
    )  # fmt: skip


def given(parsed_args: argparse.Namespace) -> Dict[str, Any]:
    """Return the attributes of a timeline that are on the command line, checked."""
    values: Dict[str, Any] = {}
    if getattr(parsed_args, "steps", None):
        steps, others = _document(parsed_args.steps)
        values = {STEPS.name: steps, **others}
    if getattr(parsed_args, "step", None):
        values[STEPS.name] = parsed_args.step
    for attribute in (LENGTH_MS, REPEAT, AT_END_, START_IN_MS):
        value = getattr(parsed_args, attribute.name, None)
        if value is not None:
            values[attribute.name] = value
    return checked(values)


def checked(values: Dict[str, Any]) -> Dict[str, Any]:
    """Return attributes of a timeline in one form; raises ``CommandError``."""
    known = (STEPS, LENGTH_MS, REPEAT, AT_END_, START_IN_MS, START_AT, TIMELINE_DIRECTION)
    kinds: Dict[str, Attribute] = {each.name: each for each in known}
    try:
        return {name: kinds[name].parse(value) for name, value in values.items()}
    except InvalidValue as error:
        raise exceptions.CommandError(str(error)) from None


def milliseconds(text: str) -> int:
    """Return the milliseconds of a duration, for argparse."""
    try:
        return duration.milliseconds(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _step(text: str) -> Dict[str, Any]:
    try:
        return step_text.step(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _document(file: str) -> Any:
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        return step_text.document(text)
    except (OSError, ValueError) as error:
        raise exceptions.CommandError(f"{file}: {error}") from None
