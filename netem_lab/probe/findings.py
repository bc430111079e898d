# SPDX-License-Identifier: Apache-2.0
"""What one probe has found of the flows of a stage, and what two have found together."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any, Dict, List, Sequence, Tuple

from netem_lab.probe.arrivals import Arrival, Sending, sample
from netem_lab.probe.clock import Offset
from netem_lab.probe.flow import Datagrams, Key, Sample

Span = Tuple[int, int]


@dataclass
class Findings:
    """The flows that were sent here, those that were received here, and the stalls of this guest.

    All times are in CLOCK_REALTIME of this guest, but those of packets that were sent elsewhere.
    """

    sendings: Dict[Key, Sending] = field(default_factory=dict)
    arrivals: Dict[Key, List[Arrival]] = field(default_factory=dict)
    stalls_ns: List[Span] = field(default_factory=list)

    def encode(self) -> Any:
        """What JSON can carry."""
        sendings = [
            [key, {**asdict(s), "held": sorted(s.held)}] for key, s in self.sendings.items()
        ]
        return {
            "sendings": sendings,
            "arrivals": list(self.arrivals.items()),
            "stalls_ns": self.stalls_ns,
        }

    @classmethod
    def decode(cls, value: Any) -> Findings:
        """The findings that JSON has carried."""
        return cls(
            {
                Key(*key): Sending(**{**sending, "held": set(sending["held"])})
                for key, sending in value["sendings"]
            },
            {Key(*key): [Arrival(*each) for each in found] for key, found in value["arrivals"]},
            [(begin_ns, end_ns) for begin_ns, end_ns in value["stalls_ns"]],
        )

    def joined(self, theirs: Findings, ahead_ns: int) -> Findings:
        """Both probes' findings by our clock; theirs is ahead by `ahead_ns`."""
        sendings = {
            key: replace(
                sending,
                measured_ns=sending.measured_ns - ahead_ns,
                last_ns=sending.last_ns - ahead_ns,
            )
            for key, sending in theirs.sendings.items()
        }
        arrivals = {
            key: [each._replace(received_ns=each.received_ns - ahead_ns) for each in found]
            for key, found in theirs.arrivals.items()
        }
        for key, found in self.arrivals.items():
            ahead_there_ns = ahead_ns if key in sendings else 0
            arrivals[key] = [each._replace(sent_ns=each.sent_ns - ahead_there_ns) for each in found]
        stalls_ns = [(begin - ahead_ns, end - ahead_ns) for begin, end in theirs.stalls_ns]
        return Findings(
            {**self.sendings, **sendings}, arrivals, united([*self.stalls_ns, *stalls_ns])
        )

    def samples(self, flows: Sequence[Datagrams], offset: Offset) -> List[Sample]:
        """The samples of `flows`; `offset` is that of the clocks which stamped the packets."""
        return [
            replace(
                sample(flow, self.sendings[flow.key], self.arrivals[flow.key], self.stalls_ns),
                clock_error_ms=offset.error_ns / 1e6,
            )
            for flow in flows
        ]


def united(spans: Sequence[Span]) -> List[Span]:
    """Return spans that do not overlap and hold the same times, ascending."""
    found: List[Span] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return found
