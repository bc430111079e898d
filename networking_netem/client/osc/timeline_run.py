# SPDX-License-Identifier: Apache-2.0
"""`openstack network qos timeline start|stop`."""

from __future__ import annotations

import argparse
from typing import Iterable, Tuple

from osc_lib.command import command

from networking_netem.client.osc import timeline_options, timelines
from networking_netem.domain.timeline_rule import START_AT, START_IN_MS


class StartTimeline(timelines.OfPolicy, command.Lister):
    """Start the timelines of a QoS policy, at the same time on all hosts."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        # Not --in: the program reads that as its own option --insecure.
        group = parser.add_mutually_exclusive_group()
        group.add_argument(
            "--start-in",
            dest=START_IN_MS.name,
            metavar="<duration>",
            type=timeline_options.milliseconds,
            default=timeline_options.milliseconds(timeline_options.LEAD),
            help=f"Start so long from now. Default: {timeline_options.LEAD}.",
        )
        group.add_argument(
            "--at",
            dest=START_AT.name,
            metavar="<instant>",
            help="Start then, such as 2026-11-30T12:00:00Z; an instant that has been enters where"
            " the timeline would be by now.",
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Tuple[Tuple[str, ...], Iterable]:
        name = START_AT.name if parsed_args.start_at else START_IN_MS.name
        start = timeline_options.checked({name: getattr(parsed_args, name)})
        found = self.timelines(parsed_args.qos_policy, parsed_args.direction)
        done = timelines.started(self.network, found, start)
        return ("ID", "Direction", "Start At"), (
            (each.id, each.direction, each.start_at) for each in done
        )


class StopTimeline(timelines.OfPolicy):
    """Stop the timelines of a QoS policy; its other rules then hold at once."""

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        found = self.timelines(parsed_args.qos_policy, parsed_args.direction)
        timelines.started(self.network, found, {START_AT.name: None})
