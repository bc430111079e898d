# SPDX-License-Identifier: Apache-2.0
"""What a QoS rule of Neutron says about one direction of a link."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Callable, Dict

from networking_netem.domain import rules, units
from networking_netem.domain.impairment import MAXIMA, Impairment

BANDWIDTH_LIMIT, DELAY, LOSS = "bandwidth_limit", rules.DELAY.name, rules.LOSS.name


def _bandwidth_limit(impairment: Impairment, rule: Any) -> Impairment:
    """Neutron's max_burst_kbps is kilobits, in spite of its name; 0 kbps is no limit."""
    return replace(
        impairment,
        rate_kbps=min(rule.max_kbps or 0, MAXIMA["rate_kbps"]),
        burst_kbit=rule.max_burst_kbps or 0,
    )


def _delay(impairment: Impairment, rule: Any) -> Impairment:
    return replace(
        impairment,
        delay_us=units.microseconds(rule.delay_ms),
        jitter_us=units.microseconds(rule.delay_correlation_ms),
    )


def _loss(impairment: Impairment, rule: Any) -> Impairment:
    return replace(impairment, loss_ppm=units.ppm(rule.loss_pct))


_READERS: Dict[str, Callable[[Impairment, Any], Impairment]] = {
    BANDWIDTH_LIMIT: _bandwidth_limit,
    DELAY: _delay,
    LOSS: _loss,
}
_FIELDS = {
    BANDWIDTH_LIMIT: ("rate_kbps", "burst_kbit"),
    DELAY: ("delay_us", "jitter_us"),
    LOSS: ("loss_ppm",),
}


def with_rule(impairment: Impairment, rule: Any) -> Impairment:
    """The impairment as this rule has it; what other rule types say stays."""
    return _READERS[rule.rule_type](impairment, rule)


def without_rule(impairment: Impairment, rule_type: str) -> Impairment:
    """The impairment without what a rule of this type said."""
    return replace(impairment, **dict.fromkeys(_FIELDS[rule_type], 0))
