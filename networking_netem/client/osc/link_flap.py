# SPDX-License-Identifier: Apache-2.0
"""`openstack network qos link flap`: a link that is up and down in turn."""

from __future__ import annotations

import argparse
from typing import Tuple

from osc_lib.command import command

from networking_netem.client import arguments
from networking_netem.client.osc import timeline_options, timelines
from networking_netem.domain.rule_types import LOSS_PCT
from networking_netem.domain.timeline_rule import ANY, REPEAT


class FlapLink(timelines.OfPolicy, command.ShowOne):
    """Let a link be up and down in turn. While it is up, the policy's other rules hold."""

    about = "Which packets are lost. Default: any."

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        for option, text in (("--up", "passes"), ("--down", "loses all")):
            parser.add_argument(
                option,
                metavar="<duration>",
                type=timeline_options.milliseconds,
                required=True,
                help=f"How long the link {text}, in each round.",
            )
        parser.add_argument(
            "--repeat",
            metavar="<rounds>",
            type=arguments.parser(REPEAT),
            default=0,
            help=f"{REPEAT.help} Default: 0.",
        )
        timeline_options.add_start(parser, by_itself=True)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Tuple:
        down = {"at_ms": parsed_args.up, LOSS_PCT.name: LOSS_PCT.maximum}
        rule = {
            "steps": [{"at_ms": 0}, down],
            "length_ms": parsed_args.up + parsed_args.down,
            "direction": parsed_args.direction or ANY,
        }
        values = {**timeline_options.given(parsed_args), **timeline_options.checked(rule)}
        policy = self.policy(parsed_args.qos_policy)
        (rule,) = timelines.created(self.network, policy.id, [values])
        return timelines.shown(rule, self.app.stdout)
