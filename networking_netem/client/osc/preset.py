# SPDX-License-Identifier: Apache-2.0
"""`openstack network qos link preset …`: the links that people know by name; needs no cloud."""

from __future__ import annotations

import argparse
from typing import Iterable, Tuple

from cliff import columns
from osc_lib.command import command

from networking_netem.client.preset import Preset, presets


class Values(columns.FormattableColumn):
    """One direction of a link: a phrase for people, the attributes for programs."""

    def human_readable(self) -> str:
        value = self._value
        parts = []
        if "max_kbps" in value:
            parts.append(f"{value['max_kbps']} kbit/s")
        if "delay_ms" in value:
            jitter = value.get("delay_correlation_ms")
            parts.append(f"{value['delay_ms']} ms" + (f" ± {jitter} ms" if jitter else ""))
        if "loss_pct" in value:
            parts.append(f"{value['loss_pct']} % lost")
        return ", ".join(parts)


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


def add_preset(parser: argparse.ArgumentParser, argument: str, **more: bool) -> None:
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
