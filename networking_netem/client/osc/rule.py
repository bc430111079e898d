# SPDX-License-Identifier: Apache-2.0
"""`openstack network qos <type> rule create|set|show|list|delete`, for each rule type."""

from __future__ import annotations

import argparse
import logging
from typing import Any, Iterable, Tuple, Type

from osc_lib import exceptions
from osc_lib.command import command

from networking_netem.client import arguments, sdk
from networking_netem.domain.attribute import InvalidValue
from networking_netem.domain.rule_types import RULE_TYPES, RuleType

LOG = logging.getLogger(__name__)


class _Rule(command.Command):
    """A command on the rules of one type."""

    rule_type: RuleType
    resource: Type[sdk.QoSRule]

    @property
    def network(self) -> Any:
        """The network API, through the SDK."""
        return self.app.client_manager.network

    def policy(self, name_or_id: str) -> Any:
        """Return the policy of that name or id; raises the SDK's error where there is none."""
        return self.network.find_qos_policy(name_or_id, ignore_missing=False)

    def rule(self, policy: str, rule_id: str) -> sdk.QoSRule:
        """Return the SDK's resource of a rule, without asking the server for the rule itself."""
        return self.resource.existing(id=rule_id, qos_policy_id=self.policy(policy).id)

    def shown(self, rule: sdk.QoSRule) -> Tuple[Tuple[str, ...], Tuple[Any, ...]]:
        """Return the names and values that `ShowOne` prints of a rule."""
        kept = (each.name for each in self.rule_type.attributes)
        shown = (each.name for each in self.rule_type.shown)
        names = ("id", "qos_policy_id", *kept, *shown)
        return names, tuple(getattr(rule, name) for name in names)


class _Create(_Rule, command.ShowOne):
    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        _add_policy(parser)
        arguments.add(parser, self.rule_type, required=True)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Tuple:
        values = arguments.given(parsed_args, self.rule_type)
        try:
            self.rule_type.check(values)
        except InvalidValue as error:
            raise exceptions.CommandError(str(error)) from None
        rule = self.resource.new(qos_policy_id=self.policy(parsed_args.qos_policy).id, **values)
        return self.shown(rule.create(self.network))


class _Set(_Rule):
    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        _add_policy(parser)
        _add_rule(parser)
        arguments.add(parser, self.rule_type, required=False)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        values = arguments.given(parsed_args, self.rule_type)
        if not values:
            names = ", ".join(arguments.option(each) for each in self.rule_type.attributes)
            raise exceptions.CommandError(f"Nothing to set: give at least one of {names}")
        rule = self.rule(parsed_args.qos_policy, parsed_args.rule)
        for name, value in values.items():
            setattr(rule, name, value)
        rule.commit(self.network)


class _Show(_Rule, command.ShowOne):
    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        _add_policy(parser)
        _add_rule(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Tuple:
        rule = self.rule(parsed_args.qos_policy, parsed_args.rule)
        return self.shown(rule.fetch(self.network))


class _List(_Rule, command.Lister):
    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "qos_policy",
            metavar="<qos-policy>",
            nargs="?",
            help="QoS policy that contains the rules (name or ID). Default: all policies.",
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Tuple[Tuple[str, ...], Iterable]:
        names = [each.name for each in self.rule_type.attributes]
        headers = (name.replace("_", " ").title() for name in names)
        return ("ID", "QoS Policy ID", *headers), (
            (rule["id"], policy.id, *(rule[name] for name in names))
            for policy in self._policies(parsed_args.qos_policy)
            for rule in policy.rules
            if rule["type"] == self.rule_type.name
        )

    def _policies(self, name_or_id: str) -> Iterable[Any]:
        # A policy holds its rules in full, so one request lists them all.
        return [self.policy(name_or_id)] if name_or_id else self.network.qos_policies()


class _Delete(_Rule):
    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        _add_policy(parser)
        _add_rule(parser, nargs="+")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        policy_id = self.policy(parsed_args.qos_policy).id
        failed = 0
        for rule_id in parsed_args.rule:
            try:
                self.resource.existing(id=rule_id, qos_policy_id=policy_id).delete(self.network)
            except Exception as error:
                failed += 1
                LOG.error("Failed to delete %s rule %s: %s", self.rule_type.name, rule_id, error)
        if failed:
            total = len(parsed_args.rule)
            raise exceptions.CommandError(
                f"{failed} of {total} {self.rule_type.name} rules failed to delete."
            )


def _add_policy(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "qos_policy",
        metavar="<qos-policy>",
        help="QoS policy that contains the rule (name or ID).",
    )


def _add_rule(parser: argparse.ArgumentParser, nargs: Any = None) -> None:
    parser.add_argument("rule", metavar="<rule-id>", nargs=nargs, help="ID of the rule.")


_VERBS = {
    "Create": (_Create, "Add {what} to one direction of a QoS policy."),
    "Set": (_Set, "Change a {name} rule of a QoS policy."),
    "Show": (_Show, "Show a {name} rule of a QoS policy."),
    "List": (_List, "List the {name} rules of a QoS policy, or of all policies."),
    "Delete": (_Delete, "Delete {name} rules of a QoS policy."),
}
"""The base of each command, and its help."""


def _define(rule_type: RuleType) -> None:
    """Define the five commands of a rule type under the names that entry points know."""
    noun = "".join(part.capitalize() for part in rule_type.name.split("_"))
    for verb, (base, text) in _VERBS.items():
        name = f"{verb}{noun}Rule{'s' if verb == 'List' else ''}"
        members = {
            "__doc__": text.format(what=rule_type.help.lower(), name=rule_type.name),
            "__module__": __name__,
            "rule_type": rule_type,
            "resource": sdk.RESOURCES[rule_type.name],
        }
        globals()[name] = type(name, (base,), members)


for _type in RULE_TYPES:
    _define(_type)
