# SPDX-License-Identifier: Apache-2.0
"""`openstack network qos timeline create|set|show|list|delete`."""

from __future__ import annotations

import argparse
import logging
from typing import Any, Iterable, Tuple

from osc_lib import exceptions
from osc_lib.command import command

from networking_netem.client.osc import timeline_options, timelines
from networking_netem.domain.attribute import InvalidValue
from networking_netem.domain.rule_types import TIMELINE
from networking_netem.domain.timeline_rule import LENGTH_MS, STEPS

LOG = logging.getLogger(__name__)


class _Written(timelines.OfPolicy):
    """A command that takes the attributes of a timeline."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        timeline_options.add_steps(parser)
        timeline_options.add_rounds(parser)
        timeline_options.add_start(parser, by_itself=False)
        return parser


class CreateTimeline(_Written, command.ShowOne):
    """Let a link change over time: give a QoS policy the steps of one round."""

    about = "Which packets. Default: egress, what the instance sends."

    def take_action(self, parsed_args: argparse.Namespace) -> Tuple:
        values = timeline_options.given(parsed_args)
        for name, options in ((STEPS.name, "--step or --steps"), (LENGTH_MS.name, "--length")):
            if name not in values:
                raise exceptions.CommandError(f"A timeline needs {name}: give {options}.")
        try:
            TIMELINE.check(values)
        except InvalidValue as error:
            raise exceptions.CommandError(str(error)) from None
        if parsed_args.direction:
            values["direction"] = parsed_args.direction
        policy = self.policy(parsed_args.qos_policy)
        (rule,) = timelines.created(self.network, policy.id, [values])
        return timelines.shown(rule, self.app.stdout)


class SetTimeline(_Written):
    """Change a timeline of a QoS policy."""

    about = "Which timeline, where the policy has two."

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        values = timeline_options.given(parsed_args)
        if not values:
            raise exceptions.CommandError(
                "Nothing to set: give at least one of --step, --steps, --length, --repeat,"
                " --at-end, --start-in"
            )
        rule = self.timeline(parsed_args.qos_policy, parsed_args.direction)
        for name, value in values.items():
            setattr(rule, name, value)
        rule.commit(self.network)


class ShowTimeline(timelines.OfPolicy, command.ShowOne):
    """Show a timeline of a QoS policy: a table draws the line, and where it is now."""

    about = "Which timeline, where the policy has two."

    def take_action(self, parsed_args: argparse.Namespace) -> Tuple:
        rule = self.timeline(parsed_args.qos_policy, parsed_args.direction)
        return timelines.shown(rule.fetch(self.network), self.app.stdout)


class ListTimelines(command.Lister):
    """List the timelines of a QoS policy, or of all policies."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "qos_policy",
            metavar="<qos-policy>",
            nargs="?",
            help="QoS policy (name or ID). Default: all policies.",
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Tuple[Tuple[str, ...], Iterable]:
        network = self.app.client_manager.network
        if parsed_args.qos_policy:
            found = [network.find_qos_policy(parsed_args.qos_policy, ignore_missing=False)]
        else:
            found = network.qos_policies()
        headers = tuple(name.replace("_", " ").title() for name in timelines.NAMES[2:-1])
        return ("ID", "QoS Policy ID", *headers, "Steps"), (
            _row(rule, policy.id)
            for policy in found
            for rule in policy.rules
            if rule["type"] == TIMELINE.name
        )


class DeleteTimeline(timelines.OfPolicy):
    """Delete the timelines of a QoS policy; its other rules then hold at once."""

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        failed = 0
        found = self.timelines(parsed_args.qos_policy, parsed_args.direction)
        for rule in found:
            try:
                rule.delete(self.network)
            except Exception as error:
                failed += 1
                LOG.error("Failed to delete timeline rule %s: %s", rule.id, error)
        if failed:
            raise exceptions.CommandError(f"{failed} of {len(found)} timelines failed to delete.")


def _row(rule: Any, policy_id: str) -> Tuple[Any, ...]:
    names = timelines.NAMES[2:-1]
    return (rule["id"], policy_id, *(rule.get(name) for name in names), len(rule["steps"]))
