# SPDX-License-Identifier: Apache-2.0
"""`openstack network qos link create`: a policy with the rules of a link, for both directions."""

from __future__ import annotations

import argparse
from typing import Any, Dict, List, Optional, Tuple

from openstack.network.v2.qos_bandwidth_limit_rule import QoSBandwidthLimitRule
from osc_lib import exceptions
from osc_lib.command import command

from networking_netem.client import preset, sdk
from networking_netem.client.osc import timeline_options, timelines
from networking_netem.client.osc.link_preset import OverTime, Values, add_preset
from networking_netem.domain.attribute import InvalidValue
from networking_netem.domain.rule_types import BANDWIDTH_LIMIT
from networking_netem.domain.timeline_rule import LENGTH_MS, START_IN_MS

_RESOURCES = {BANDWIDTH_LIMIT.name: QoSBandwidthLimitRule, **sdk.RESOURCES}


class CreateLink(command.ShowOne):
    """Create a QoS policy that holds the rules of a preset for both directions."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument("name", metavar="<name>", help="Name of the new QoS policy.")
        add_preset(parser, "--preset", required=True)
        parser.add_argument(
            "--scale",
            metavar="<[quantity=]factor>",
            type=_factors,
            action="append",
            default=[],
            help="Multiply a quantity of the preset: "
            + ", ".join(preset.QUANTITIES)
            + ". A factor alone makes the whole link that many times worse: delay, jitter and"
            " loss multiplied, the rate divided. May be repeated.",
        )
        parser.add_argument(
            "--for",
            dest="for_ms",
            metavar="<duration>",
            type=timeline_options.milliseconds,
            help="Only for that time; then the link is clean.",
        )
        timeline_options.add_start(parser, by_itself=True)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Tuple:
        link = preset.presets()[parsed_args.preset]
        try:
            for factors in parsed_args.scale:
                link = link.scaled(factors)
        except InvalidValue as error:
            raise exceptions.CommandError(f"Scaled too far: {error}") from None
        shown = (*map(Values, link.directions().values()),)
        if parsed_args.for_ms is not None:
            link = _lasting(link, parsed_args.for_ms)
        network = self.app.client_manager.network
        description = f"Link like {link.name}{', scaled' if parsed_args.scale else ''}"
        policy = network.create_qos_policy(name=parsed_args.name, description=description)
        rules = _fill(network, policy, link, parsed_args.start_in_ms)
        names, values = (
            ("id", "name", "description", *link.directions()),
            (
                *(policy.id, policy.name, policy.description),
                *shown,
            ),
        )
        if rules:
            names, values = (
                (*names, "over_time", "start_at"),
                (
                    *values,
                    OverTime(link.timelines),
                    rules[0].start_at,
                ),
            )
        return names, values


def _lasting(link: preset.Preset, duration_ms: int) -> preset.Preset:
    timeline_options.checked({LENGTH_MS.name: duration_ms})
    try:
        return link.lasting(duration_ms)
    except ValueError as error:
        raise exceptions.CommandError(str(error)) from None


def _fill(network: Any, policy: Any, link: preset.Preset, start_in_ms: Optional[int]) -> List[Any]:
    """Give the policy the rules of a link; where one fails, delete the policy and raise.

    Returns its timelines, which start after that time.
    """
    start = {} if start_in_ms is None else {START_IN_MS.name: start_in_ms}
    try:
        for rule_type, values in link.rules():
            _RESOURCES[rule_type].new(qos_policy_id=policy.id, **values).create(network)
        each_values = ({**each.values(), **start} for each in link.timelines)
        return timelines.created(network, policy.id, each_values)
    except BaseException:
        network.delete_qos_policy(policy)
        raise


def _factors(text: str) -> Dict[str, Any]:
    try:
        return preset.factors(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
