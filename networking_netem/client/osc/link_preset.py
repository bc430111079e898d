# SPDX-License-Identifier: Apache-2.0
"""`openstack network qos link preset …`: links that people know by name; they need no cloud."""

from __future__ import annotations

import argparse
import textwrap
from typing import Any, Iterable, Sequence, Tuple

from cliff import columns
from osc_lib.command import command

from networking_netem.client import plot
from networking_netem.client.preset import Preset, presets
from networking_netem.client.preset_timeline import PresetTimeline
from networking_netem.domain.impairment import NONE
from networking_netem.domain.rule_types import IMPOSED

_WIDTH = 72


class Values(columns.FormattableColumn):
    """One direction of a link: a table shows a phrase, other formats the attributes."""

    def human_readable(self) -> str:
        impairment = NONE
        for rule_type in IMPOSED:
            impairment = rule_type.put(impairment, self._value)
        return str(impairment)


class Source(columns.FormattableColumn):
    """Where the numbers are from: a table has lines of a width that people read."""

    def human_readable(self) -> str:
        return textwrap.fill(self._value, _WIDTH)


class ShortSource(Source):
    """How it begins, for a table of many."""

    def human_readable(self) -> str:
        return textwrap.shorten(self._value, _WIDTH, placeholder=" …")


class OverTime(columns.FormattableColumn):
    """What a link does over time: a table shows how long and often, other formats the rules."""

    def __init__(self, timelines: Sequence[PresetTimeline]) -> None:
        super().__init__([each.values() for each in timelines])
        self._timelines = timelines

    def human_readable(self) -> str:
        return "; ".join(dict.fromkeys(map(str, self._timelines)))


class Drawn(OverTime):
    """The same, drawn."""

    def __init__(self, timelines: Sequence[PresetTimeline], stdout: Any) -> None:
        super().__init__(timelines)
        self._is_ascii = not plot.can_show(getattr(stdout, "encoding", None))

    def human_readable(self) -> str:
        return "\n".join(
            f"{each.direction}: {each}\n"
            + plot.plot(each.steps, each.length_ms, is_ascii=self._is_ascii)
            for each in self._timelines
        )


class ListPresets(command.Lister):
    """List links by name: what an instance receives (ingress, down) and sends (egress, up)."""

    auth_required = False

    def take_action(self, parsed_args: argparse.Namespace) -> Tuple[Tuple[str, ...], Iterable]:
        headers = ("Name", "Ingress (down)", "Egress (up)", "Over Time", "Source")
        return headers, (
            (*_links(each), OverTime(each.timelines), ShortSource(each.source))
            for each in presets().values()
        )


class ShowPreset(command.ShowOne):
    """Show a link: what an instance receives (ingress, down) and sends (egress, up)."""

    auth_required = False

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        add_preset(parser, "preset")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Tuple:
        preset = presets()[parsed_args.preset]
        over_time = Drawn(preset.timelines, self.app.stdout)
        return ("name", "ingress", "egress", "over_time", "source"), (
            *(*_links(preset), over_time, Source(preset.source)),
        )


def add_preset(parser: argparse.ArgumentParser, argument: str, **more: Any) -> None:
    """Add an argument that takes the name of a preset."""
    parser.add_argument(
        argument,
        metavar="<preset>",
        choices=sorted(presets()),
        help="Name of the preset: " + ", ".join(sorted(presets())) + ".",
        **more,
    )


def _links(preset: Preset) -> Tuple:
    return preset.name, Values(preset.down), Values(preset.up)
