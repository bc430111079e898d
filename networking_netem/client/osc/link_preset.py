# SPDX-License-Identifier: Apache-2.0
"""`openstack network qos link preset …`: links that people know by name; they need no cloud."""

from __future__ import annotations

import argparse
from typing import Any, Iterable, Tuple

from cliff import columns
from osc_lib.command import command

from networking_netem.client.preset import Preset, presets
from networking_netem.domain.impairment import NONE
from networking_netem.domain.rule_types import IMPOSED


class Values(columns.FormattableColumn):
    """One direction of a link: a table shows a phrase, other formats the attributes."""

    def human_readable(self) -> str:
        impairment = NONE
        for rule_type in IMPOSED:
            impairment = rule_type.put(impairment, self._value)
        return str(impairment)


class ListPresets(command.Lister):
    """List links by name: what an instance receives (ingress, down) and sends (egress, up)."""

    auth_required = False

    def take_action(self, parsed_args: argparse.Namespace) -> Tuple[Tuple[str, ...], Iterable]:
        headers = ("Name", "Ingress (down)", "Egress (up)", "Source")
        return headers, (_row(preset) for preset in presets().values())


class ShowPreset(command.ShowOne):
    """Show a link: what an instance receives (ingress, down) and sends (egress, up)."""

    auth_required = False

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        add_preset(parser, "preset")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Tuple:
        return ("name", "ingress", "egress", "source"), _row(presets()[parsed_args.preset])


def add_preset(parser: argparse.ArgumentParser, argument: str, **more: Any) -> None:
    """Add an argument that takes the name of a preset."""
    parser.add_argument(
        argument,
        metavar="<preset>",
        choices=sorted(presets()),
        help="Name of the preset: " + ", ".join(sorted(presets())) + ".",
        **more,
    )


def _row(preset: Preset) -> Tuple:
    return preset.name, Values(preset.down), Values(preset.up), preset.source
