# SPDX-License-Identifier: Apache-2.0
"""Two clocks: how far one is ahead of the other, and what two probes have found by one of them."""

from __future__ import annotations

import itertools
import json
import socket
import threading

import pytest

from netem_lab.probe import clock, peer
from netem_lab.probe.arrivals import Arrival, Sending
from netem_lab.probe.clock import Offset, offset_of
from netem_lab.probe.findings import Findings, united
from netem_lab.probe.flow import Datagrams, Key
from netem_lab.probe.peer import Alone, Peer

MS = 1_000_000
EGRESS, INGRESS = Key("egress", "delay"), Key("ingress", "delay")
AHEAD_NS = 500 * MS
FLOWS = [
    Datagrams(key, *ends, pps=1000, count=2, settle_count=0)
    for key, ends in ((EGRESS, ("vm1", "vm2")), (INGRESS, ("vm2", "vm1")))
]


@pytest.mark.parametrize("ahead_ns", [-7 * MS, 0, 7 * MS])
@pytest.mark.parametrize(("there_ns", "back_ns"), [(100, 100), (40, 160), (0, 200)])
def test_the_offset_is_off_by_its_error_at_most(ahead_ns: int, there_ns: int, back_ns: int) -> None:
    arrives_ns = 1000 + there_ns
    leaves_ns = arrives_ns + 12_345
    offset = offset_of(1000, arrives_ns + ahead_ns, leaves_ns + ahead_ns, leaves_ns + back_ns)
    assert offset.error_ns == 100
    assert abs(offset.ahead_ns - ahead_ns) <= offset.error_ns


def test_a_clock_is_not_ahead_of_itself() -> None:
    offset = clock.measure("127.0.0.1", clock.Echo("127.0.0.1").port)
    assert abs(offset.ahead_ns) <= offset.error_ns < 50 * MS


def test_nobody_answers() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
    with pytest.raises(ConnectionRefusedError):
        clock.measure("127.0.0.1", port)


def test_what_two_probes_found_is_by_the_clock_of_the_first() -> None:
    """Packets take 5 ms to the second guest, and 3 ms back."""
    ours = Findings(
        {EGRESS: Sending(2, measured_ns=0, last_ns=MS)},
        {INGRESS: [Arrival(n, AHEAD_NS + n * MS, (n + 3) * MS) for n in range(2)]},
        [(10 * MS, 11 * MS), (30 * MS, 31 * MS)],
    )
    theirs = Findings(
        {INGRESS: Sending(2, measured_ns=AHEAD_NS, last_ns=AHEAD_NS + MS, held={7})},
        {EGRESS: [Arrival(n, n * MS, AHEAD_NS + (n + 5) * MS) for n in range(2)]},
        [(AHEAD_NS + 20 * MS, AHEAD_NS + 21 * MS)],
    )
    carried = Findings.decode(json.loads(json.dumps(theirs.encode())))
    assert carried == theirs
    found = ours.joined(carried, AHEAD_NS)
    egress, ingress = found.samples(FLOWS, Offset(AHEAD_NS, 60_000))
    assert (egress.mean_ms, ingress.mean_ms) == (5, 3)
    assert (egress.clock_error_ms, ingress.clock_error_ms) == (0.06, 0.06)
    assert (ingress.offered_kbps, ingress.wire_kbps) == (egress.offered_kbps, egress.wire_kbps)
    assert found.sendings[INGRESS].held == {7}
    assert found.stalls_ns == [(t * MS, (t + 1) * MS) for t in (10, 20, 30)]


def test_one_probe_alone_has_found_all() -> None:
    stalls_ns = [(1, 5), (3, 8)]
    ours = Findings({EGRESS: Sending(2)}, {EGRESS: [Arrival(0, 1, 2)]}, stalls_ns)
    nothing = Findings.decode(Findings().encode())
    found = ours.joined(nothing, 0)
    assert (found.sendings, found.arrivals) == (ours.sendings, ours.arrivals)


def test_spans_that_overlap_become_one() -> None:
    assert united([(5, 9), (1, 2), (8, 12), (6, 7), (12, 13), (20, 21)]) == [
        (1, 2),
        (5, 13),
        (20, 21),
    ]


def test_two_probes_hear_each_other_and_nothing_is_heard_twice_or_too_early() -> None:
    server = peer.listen("127.0.0.1")
    accepted: list[Peer] = []
    thread = threading.Thread(target=lambda: accepted.append(peer.accept(server)))
    thread.start()
    first = peer.connect(*server.getsockname())
    thread.join()
    (second,) = accepted
    second.tell(share=0.5)
    second.tell(is_over=True)
    assert second.handed_in("findings", [1, 2], None) is None
    heard: list[dict] = []
    while len(heard) < 2:
        heard += itertools.islice(first.heard(), 1)
    assert heard == [{"share": 0.5}, {"is_over": True}]
    assert first.handed_in("findings", [], None) == [1, 2]
    assert first.offset().error_ns > 0
    second._connection.close()
    with pytest.raises(ConnectionError):
        first.swap("end", True, None)


def test_alone_there_is_nobody_to_hear() -> None:
    alone = Alone()
    alone.tell(share=1.0)
    assert list(alone.heard()) == []
    assert alone.swap("target", 1, 2) == 2
    assert (alone.offset(), alone.leads) == (clock.SAME, True)
