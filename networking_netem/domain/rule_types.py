# SPDX-License-Identifier: Apache-2.0
"""The QoS rule types that make a link, declared once: all who need them loop over these."""

from __future__ import annotations

from networking_netem.domain.numbers import CORRUPT_PCT as CORRUPT_PCT
from networking_netem.domain.numbers import DELAY_CORRELATION_MS as DELAY_CORRELATION_MS
from networking_netem.domain.numbers import DELAY_MS as DELAY_MS
from networking_netem.domain.numbers import DUPLICATE_PCT as DUPLICATE_PCT
from networking_netem.domain.numbers import LOSS_BURST_PACKETS as LOSS_BURST_PACKETS
from networking_netem.domain.numbers import LOSS_PCT as LOSS_PCT
from networking_netem.domain.numbers import MAX_BURST_KBPS as MAX_BURST_KBPS
from networking_netem.domain.numbers import MAX_KBPS as MAX_KBPS
from networking_netem.domain.numbers import REORDER_PCT as REORDER_PCT
from networking_netem.domain.rule_type import DIRECTION as DIRECTION
from networking_netem.domain.rule_type import RuleType as RuleType
from networking_netem.domain.selector_rule import SELECTOR as SELECTOR
from networking_netem.domain.timeline_rule import TIMELINE as TIMELINE

DELAY = RuleType(
    "delay",
    help="Delay, with jitter",
    attributes=(DELAY_MS, DELAY_CORRELATION_MS, DIRECTION),
)
LOSS = RuleType("loss", help="Packet loss", attributes=(LOSS_PCT, LOSS_BURST_PACKETS, DIRECTION))
DUPLICATE = RuleType("duplicate", help="Duplication", attributes=(DUPLICATE_PCT, DIRECTION))
CORRUPT = RuleType("corrupt", help="Corruption", attributes=(CORRUPT_PCT, DIRECTION))
REORDER = RuleType("reorder", help="Reordering", attributes=(REORDER_PCT, DIRECTION))
BANDWIDTH_LIMIT = RuleType(
    "bandwidth_limit", help="Bandwidth", attributes=(MAX_KBPS, MAX_BURST_KBPS, DIRECTION)
)

RULE_TYPES = (DELAY, LOSS, DUPLICATE, CORRUPT, REORDER, SELECTOR, TIMELINE)
"""What this package adds to Neutron's rule types."""
NAMES = tuple(each.name for each in RULE_TYPES)
IMPOSED = (BANDWIDTH_LIMIT, *RULE_TYPES)
"""What makes a link: Neutron's own bandwidth limit, and ours."""
