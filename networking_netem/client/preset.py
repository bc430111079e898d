# SPDX-License-Identifier: Apache-2.0
"""Links that people know by name, from `presets.json` and `moving.json`, and factors for them."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Decimal
from pathlib import Path
from typing import Any, Dict, Iterator, Mapping, Sequence, Tuple, Union

from networking_netem.client.preset_timeline import ANY, AT_MS, PresetTimeline
from networking_netem.domain.attribute import InvalidValue, Number, plain
from networking_netem.domain.loss import least_burst_packets
from networking_netem.domain.rule_types import (
    DELAY_CORRELATION_MS,
    DELAY_MS,
    DIRECTION,
    IMPOSED,
    LOSS_BURST_PACKETS,
    LOSS_PCT,
    MAX_KBPS,
)

Values = Mapping[str, Union[int, float]]
"""One direction of a link: attributes of rules by name."""

QUANTITIES = {
    "rate": MAX_KBPS,
    "delay": DELAY_MS,
    "jitter": DELAY_CORRELATION_MS,
    "loss": LOSS_PCT,
}
"""What can be scaled, by its name on the command line."""

_FILES = ("presets.json", "moving.json")
_FACTOR = Number("factor", 0, 1_000_000, 6, "times", "How much of a quantity there shall be.")


@dataclass(frozen=True)
class Preset:
    """A link that an instance may have: `down` is what it receives, `up` what it sends.

    Its timelines say what changes when.
    """

    name: str
    down: Values
    up: Values
    source: str
    timelines: Tuple[PresetTimeline, ...] = ()

    def directions(self) -> Dict[str, Values]:
        """Return the values by Neutron's names for the directions."""
        return {"egress": self.up, "ingress": self.down}

    def rules(self) -> Iterator[Tuple[str, Dict[str, object]]]:
        """Yield the type and the attributes of each rule of a policy that makes this link."""
        for direction, values in self.directions().items():
            for rule_type in IMPOSED:
                names = [each.name for each in rule_type.numbers if each.name in values]
                if names:
                    rule = {name: values[name] for name in names}
                    yield rule_type.name, {**rule, DIRECTION.name: direction}

    def scaled(self, factors: Mapping[str, Decimal]) -> Preset:
        """Return the link with quantities multiplied; `InvalidValue` where one leaves its range."""
        down, up = (_scaled(values, factors) for values in (self.down, self.up))
        timelines = tuple(
            each.scaled(lambda step: _scaled(step, factors)) for each in self.timelines
        )
        return Preset(self.name, down, up, self.source, timelines)

    def lasting(self, duration_ms: int) -> Preset:
        """Return the link for that time only: it has no rules but timelines, and then is clean.

        Raises `ValueError` where this takes too many steps.
        """
        whole = {}
        for direction, values in self.directions().items():
            moving = [each for each in self.timelines if each.direction in (direction, ANY)]
            timeline = moving[0] if moving else PresetTimeline(direction, [{AT_MS: 0}], duration_ms)
            whole[direction] = replace(timeline.lasting(duration_ms, values), direction=ANY)
        one, other = whole.values()
        if one == other:
            return Preset(self.name, {}, {}, self.source, (one,))
        timelines = (replace(each, direction=direction) for direction, each in whole.items())
        return Preset(self.name, {}, {}, self.source, tuple(timelines))


def factors(text: str) -> Dict[str, Decimal]:
    """Return the factor of each quantity that `[QUANTITY=]FACTOR` scales; raises ValueError.

    A factor alone makes the whole link worse: delay, jitter and loss are multiplied by it, the rate
    is divided by it.
    """
    quantity, equals, factor_text = text.rpartition("=")
    try:
        factor = Decimal(str(_FACTOR.parse(factor_text)))
    except InvalidValue:
        factor = None
    if factor is None or (quantity not in QUANTITIES if equals else not factor):
        raise ValueError(
            f"{text!r} is not [QUANTITY=]FACTOR: a quantity is one of {', '.join(QUANTITIES)},"
            f" a factor {_FACTOR.expected} (alone, not 0)"
        )
    if equals:
        return {quantity: factor}
    return {each: 1 / factor if each == "rate" else factor for each in QUANTITIES}


@functools.lru_cache(maxsize=None)
def presets() -> Mapping[str, Preset]:
    """Return all presets by name, those that do not move first."""
    return {each["name"]: _preset(**each) for file in _FILES for each in _read(file)}


def _preset(timelines: Sequence[Mapping[str, Any]] = (), **values: Any) -> Preset:
    return Preset(**values, timelines=tuple(PresetTimeline(**each) for each in timelines))


def _read(file: str) -> Any:
    return json.loads(Path(__file__).with_name(file).read_text(encoding="utf-8"))


def _scaled(values: Values, factors: Mapping[str, Decimal]) -> Values:
    scaled = dict(values)
    for quantity, factor in factors.items():
        number = QUANTITIES[quantity]
        if number.name in values:
            product = round(Decimal(str(values[number.name])) * factor, number.decimals)
            scaled[number.name] = number.parse(plain(product))
    if LOSS_BURST_PACKETS.name in scaled:
        scaled[LOSS_BURST_PACKETS.name] = _run(scaled)
    return scaled


def _run(values: Values) -> Union[int, float]:
    """The mean run of losses, lengthened where more are lost than can come in so short runs."""
    packets, loss = Decimal(str(values[LOSS_BURST_PACKETS.name])), values[LOSS_PCT.name] / 100
    if loss == 1:
        return LOSS_BURST_PACKETS.minimum
    step = Decimal(1).scaleb(-LOSS_BURST_PACKETS.decimals)
    least = Decimal(round(least_burst_packets(loss), 6)).quantize(step, ROUND_CEILING)
    return LOSS_BURST_PACKETS.parse(plain(max(packets, least)))
