# SPDX-License-Identifier: Apache-2.0
"""What the API was asked for, per direction, in the units of its rules."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Dict, Iterable, Mapping

DIRECTIONS = ("egress", "ingress")
_ATTRIBUTES = ("delay_ms", "delay_correlation_ms", "loss_pct", "max_kbps", "max_burst_kbps")


@dataclass(frozen=True)
class Asked:
    """What the rules of one direction ask for; all 0 is a clean link."""

    delay_ms: float = 0
    delay_correlation_ms: float = 0
    loss_pct: float = 0
    max_kbps: float = 0
    max_burst_kbps: float = 0

    @property
    def sd_ms(self) -> float:
        """The standard deviation of a uniform spread of ±jitter, as far as the delay has room."""
        return min(self.delay_correlation_ms / math.sqrt(3), self.delay_ms)

    def then(self, other: Asked) -> Asked:
        """Return what packets meet that cross this link and after it the `other`."""
        passing = (1 - self.loss_pct / 100) * (1 - other.loss_pct / 100)
        limits = [a for a in (self, other) if a.max_kbps]
        narrow = min(limits, key=lambda a: a.max_kbps, default=CLEAN)
        return Asked(
            delay_ms=self.delay_ms + other.delay_ms,
            delay_correlation_ms=math.hypot(self.delay_correlation_ms, other.delay_correlation_ms),
            loss_pct=round(100 * (1 - passing), 8),
            max_kbps=narrow.max_kbps,
            max_burst_kbps=narrow.max_burst_kbps,
        )


CLEAN = Asked()
Both = Mapping[str, Asked]
"""What is asked, by direction."""
CLEAN_BOTH: Both = dict.fromkeys(DIRECTIONS, CLEAN)


def asked_by(rules: Iterable[Mapping[str, Any]]) -> Both:
    """Return what the rules of a policy, as the API shows them, ask for."""
    both: Dict[str, Asked] = dict(CLEAN_BOTH)
    for rule in rules:
        direction = rule.get("direction")
        if direction in both:
            known = {name: rule[name] for name in _ATTRIBUTES if rule.get(name)}
            both[direction] = replace(both[direction], **known)
    return both


def across(first: Both, second: Both) -> Both:
    """Return what the first VM meets when both ports have rules: each way crosses two of them."""
    return {
        "egress": first["egress"].then(second["ingress"]),
        "ingress": second["egress"].then(first["ingress"]),
    }
