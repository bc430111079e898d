# SPDX-License-Identifier: Apache-2.0
"""Sends and receives the `Datagrams` of a stage, as far as their ends are in this guest."""

from __future__ import annotations

import contextlib
import math
import signal
from typing import Any, Callable, Dict, List, Sequence

from netem_lab.probe.endpoint import Endpoint, is_here
from netem_lab.probe.findings import Findings
from netem_lab.probe.flow import Datagrams, Key
from netem_lab.probe.peer import Alone
from netem_lab.probe.pulse import Pulse
from netem_lab.probe.receiver import Receiver
from netem_lab.probe.sender import Sender, Target

_DRAIN_EVERY_S = 0.02
_PROGRESS_EVERY_S = 0.5


def exchange(
    flows: Sequence[Datagrams],
    endpoints: Callable[[str], Endpoint],
    progress: Callable[[float], None],
    peer: Alone,
) -> Findings:
    """Run `flows` at the same time and return what was found here; `peer` has the other ends.

    `progress` is called with the share that is sent, 0.0 to 1.0. SIGUSR1 says that the link has
    been edited.
    """
    with contextlib.ExitStack() as stack:
        return _Exchange(flows, endpoints, peer, stack).run(progress)


class _Exchange:
    """The ends of flows that are in this guest, until all that was sent has arrived or is lost."""

    def __init__(
        self,
        flows: Sequence[Datagrams],
        endpoints: Callable[[str], Endpoint],
        peer: Alone,
        stack: contextlib.ExitStack,
    ) -> None:
        self._peer = peer
        self._receivers: Dict[Key, Receiver] = {}
        self._senders: Dict[Key, Sender] = {}
        for flow in flows:
            if is_here(flow.receiver):
                receiver = self._receivers[flow.key] = Receiver(flow, endpoints(flow.receiver))
                stack.callback(receiver.close)
        targets = {key: receiver.target for key, receiver in self._receivers.items()}
        for key, target in peer.swap("targets", list(targets.items()), []):
            targets[Key(*key)] = Target(*target)
        self._pulse = Pulse()
        for flow in flows:
            if is_here(flow.sender):
                sender = Sender(flow, flow.sender, targets[flow.key], self._pulse.now_s)
                self._senders[flow.key] = sender
                stack.callback(sender.close)
        self._quiet_s = max(flow.quiet_s for flow in flows)
        self._quiet_since_s = self._pulse.now_s
        self._is_edited = False
        self._told: List[Key] = []
        self._peers_share = 0.0 if peer.is_there else 1.0
        self._is_over = False
        self._is_over_there = not peer.is_there

    def run(self, progress: Callable[[float], None]) -> Findings:
        signal.signal(signal.SIGUSR1, self._note_edit)
        pulse = self._pulse
        drain_s, tell_s = pulse.now_s, pulse.now_s + _PROGRESS_EVERY_S
        while not (self._is_over and self._is_over_there):
            for sender in self._senders.values():
                sender.send_due(pulse.now_s)
            if pulse.now_s >= drain_s:
                drain_s = pulse.now_s + _DRAIN_EVERY_S
                self._drain()
                self._hear()
                self._look_whether_over()
            if pulse.now_s >= tell_s:
                tell_s = pulse.now_s + _PROGRESS_EVERY_S
                self._tell_progress(progress)
            if self._is_edited:
                self._is_edited = False
                self._edited()
                self._peer.tell(edited=True)
            due_s = min((sender.due_s for sender in self._senders.values()), default=math.inf)
            pulse.beat(min(due_s, drain_s))
        progress(1.0)
        return Findings(
            {key: sender.sending for key, sender in self._senders.items()},
            {key: receiver.arrivals for key, receiver in self._receivers.items()},
            pulse.stalls_ns,
        )

    def _tell_progress(self, progress: Callable[[float], None]) -> None:
        """Tell what is sent of the flow of which the least is."""
        share = min((sender.share for sender in self._senders.values()), default=1.0)
        self._peer.tell(share=share)
        progress(min(share, self._peers_share))

    def _note_edit(self, *_: object) -> None:
        self._is_edited = True

    def _edited(self) -> None:
        for sender in self._senders.values():
            sender.edited()

    def _drain(self) -> None:
        """Read what has arrived; its sender is told of the first packet."""
        for key, receiver in self._receivers.items():
            is_first = not receiver.arrivals
            if receiver.drain():
                self._quiet_since_s = self._pulse.now_s
                if is_first:
                    self._arrived(key)

    def _arrived(self, key: Key) -> None:
        if key in self._senders:
            self._senders[key].arrived()
        else:
            self._peer.tell(arrived=key)

    def _hear(self) -> None:
        for message in self._peer.heard():
            self._hear_one(message)
            if self._is_over_there:  # the next message is of what follows the exchange
                return

    def _hear_one(self, message: Dict[str, Any]) -> None:
        if "arrived" in message:
            self._senders[Key(*message["arrived"])].arrived()
        elif "edited" in message:
            self._edited()
        elif "sent" in message:
            key, count = message["sent"]
            self._receivers[Key(*key)].sent = count
            self._quiet_since_s = self._pulse.now_s
        elif "share" in message:
            self._peers_share = message["share"]
        elif "is_over" in message:
            self._is_over_there = True

    def _look_whether_over(self) -> None:
        """Over: all is sent, and it has arrived, or nothing has for the longest `quiet_s`.

        A probe whose own ends are done goes on to note its guest's stalls until the other's are.
        """
        for key, sender in self._senders.items():
            if sender.done and key not in self._told:
                self._told.append(key)
                self._tell_sent(key, sender.sending.sent)
        receivers = self._receivers.values()
        if self._is_over or len(self._told) < len(self._senders):
            return
        if any(receiver.sent is None for receiver in receivers):
            return
        is_quiet = self._pulse.now_s >= self._quiet_since_s + self._quiet_s
        if is_quiet or all(receiver.complete for receiver in receivers):
            self._is_over = True
            self._peer.tell(is_over=True)

    def _tell_sent(self, key: Key, count: int) -> None:
        if key in self._receivers:
            self._receivers[key].sent = count
            self._quiet_since_s = self._pulse.now_s
        else:
            self._peer.tell(sent=[key, count])
