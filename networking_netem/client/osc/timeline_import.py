# SPDX-License-Identifier: Apache-2.0
"""`openstack network qos timeline import`: a recording becomes a timeline."""

from __future__ import annotations

import argparse
from typing import Any, Dict, Tuple

from cliff import columns
from osc_lib import exceptions
from osc_lib.command import command

from networking_netem.client import duration
from networking_netem.client.osc import timeline_options, timelines
from networking_netem.client.plot import QUANTITIES
from networking_netem.client.trace import formats, thinning


class Error(columns.FormattableColumn):
    """The root mean squared error of each quantity: a table shows a phrase, JSON numbers."""

    def human_readable(self) -> str:
        words = {name: (word, unit) for name, word, unit in QUANTITIES}
        parts = []
        for name, error in self._value.items():
            word, unit = words.get(name, (name, ""))
            share = "" if error["rmse_pct"] is None else f" ({error['rmse_pct']:.3g} %)"
            parts.append(f"{word} {error['rmse']:.3g} {unit}".rstrip() + share)
        return ", ".join(parts)


class ImportTimeline(timelines.OfPolicy, command.ShowOne):
    """Let a link do what was recorded: make a timeline of a file.

    A recording that is longer than a timeline may be is thinned. The error that this makes is
    shown: the root of the mean squared error over time, and how much that is of the mean.
    """

    about = "Which packets. Default: ingress, what the instance receives."

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument("file", metavar="<file>", help="The recording.")
        parser.add_argument(
            "--from",
            dest="recording_format",
            choices=sorted(formats.READERS),
            help="Format of the file. Default: what it looks like.",
        )
        timeline_options.add_rounds(parser)
        timeline_options.add_start(parser, by_itself=False)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Tuple:
        try:
            format, trace = formats.read(parsed_args.file, parsed_args.recording_format)
        except (OSError, ValueError) as error:
            raise exceptions.CommandError(str(error)) from None
        thinned = thinning.thinned(trace)
        rule = {
            "steps": thinned.steps,
            "length_ms": thinned.length_ms,
            "repeat": thinned.repeat,
            **timeline_options.given(parsed_args),
            "direction": parsed_args.direction or "ingress",
        }
        values = timeline_options.checked(rule)
        policy = self.policy(parsed_args.qos_policy)
        (rule,) = timelines.created(self.network, policy.id, [values])
        names, shown = timelines.shown(rule, self.app.stdout)
        length = duration.written(thinned.length_ms)
        recording = f"{format}, {len(trace.at_ms)} values in {length}; {len(thinned.steps)} steps"
        return (*names, "recording", "error"), (*shown, recording, Error(_errors(thinned)))


def _errors(thinned: thinning.Thinned) -> Dict[str, Dict[str, Any]]:
    return {
        name: {
            "rmse": round(rmse, 6),
            "rmse_pct": round(100 * rmse / thinned.means[name], 4) if thinned.means[name] else None,
        }
        for name, rmse in thinned.rmse.items()
    }
