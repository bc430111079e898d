# SPDX-License-Identifier: Apache-2.0
"""When a netem's limit moves: netem drops what comes while as many packets are inside."""

from __future__ import annotations

from dataclasses import replace
from typing import Dict

from networking_netem.domain.tree import LONGEST_WAY_S
from networking_netem.reconcile.room import Queue


class Limits:
    """Remembers since when each netem has been as planned but for its limit.

    Packets that came before an edit leave at their old times, and those behind them no earlier. So
    the queue may grow to what the old link needed until all of them have left. A limit falls when
    the edit is done and nothing is on its way, or when the longest way is over.
    """

    def __init__(self) -> None:
        self._since_s: Dict[str, float] = {}

    def limit_packets(
        self, queue: Queue, granted_packets: int, now_s: float, is_first: bool
    ) -> int:
        """The limit to tell now.

        A limit that is all there is to tell moves at a first look only. So limits that follow one
        another use up none of the rounds that a port has for its link.
        """
        if not _is_as_planned(queue):
            self.forget(queue.holder)
            return max(granted_packets, queue.found_packets)
        since_s = self._since_s.setdefault(queue.holder, now_s)
        if not is_first:
            return queue.found_packets
        is_over = now_s >= since_s + LONGEST_WAY_S
        has_room = queue.backlog_packets <= granted_packets * 3 // 4
        if not queue.backlog_packets or (is_over and has_room):
            return granted_packets
        return max(granted_packets, queue.found_packets)

    def forget(self, holder: str) -> None:
        """The netem is not planned any more, or has gone."""
        self._since_s.pop(holder, None)


def _is_as_planned(queue: Queue) -> bool:
    planned, found = queue.planned, queue.found
    if planned and found and planned.limit_packets != found.limit_packets:
        found = replace(found, limit_packets=planned.limit_packets)
    return planned == found
