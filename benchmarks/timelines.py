# SPDX-License-Identifier: Apache-2.0
"""How late steps of timelines are in the kernel, and what they cost an agent.

As a program it measures one number of ports and prints JSON: an agent of another measurement would
take its part of the processor.
"""

from __future__ import annotations

import contextlib
import json
import statistics
import subprocess
import sys
import time
from typing import Dict, Iterator, Sequence, Tuple

from benchmarks.figure import Figure
from benchmarks.links import LINK, Links
from networking_netem.domain.link import Link
from networking_netem.domain.timeline import Timeline, TimelineStep
from networking_netem.reconcile.worker import Worker

MOST_LATE_MS = {1: 10.0, 100: 15.0, 1000: 50.0}
"""The bound for 99 of 100 moments, by the number of ports that step together."""

MOST_STEPS_PER_S = 1000
"""Steps of ports together: a guest's one processor does not do ten a second of a thousand ports."""

ONE, ALL = "a delay", "everything both ways"
"""What a step changes: one qdisc of a port, or all six."""
_VALUES: Dict[str, Tuple[Tuple[Tuple[str, int], ...], ...]] = {
    ONE: ((("delay_us", 20_000),), (("delay_us", 60_000),)),
    ALL: (
        (("delay_us", 20_000), ("rate_kbps", 10_000)),
        (("delay_us", 60_000), ("loss_ppm", 10_000), ("rate_kbps", 5_000)),
    ),
}


def figures(counts: Sequence[int], moments: int) -> Iterator[Figure]:
    """The lateness of steps of so many ports at once, ten times a second or less often."""
    for count in counts:
        for what in _VALUES:
            asked = ("benchmarks.timelines", str(count), str(moments), what)
            command = (sys.executable, "-W", "ignore", "-m", *asked)
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
            measured = json.loads(done.stdout)
            name = f"{count} ports stepping together, {what}, late"
            late_ms = measured["late_ms"]
            of_100 = [statistics.quantiles(late_ms, n=100)[98]]
            bound = MOST_LATE_MS.get(count) if what == ONE else None
            yield Figure(f"{name}: 99 of 100", of_100, "ms", bound)
            yield Figure(name, late_ms, "ms")
            share = 100 * measured["share"]
            name = f"{count} ports, {what}, a step in {_every_ms(count)} ms: processor"
            yield Figure(name, [share], "%")


def main() -> None:
    """Measure one number of ports and print what was late, and the share of a processor."""
    count, moments, what = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    first, second = _VALUES[what]
    every_ms = _every_ms(count)
    steps = (TimelineStep(0, first), TimelineStep(every_ms, second))
    with contextlib.closing(Links(count)) as links:
        links.make()
        start_ms = int(time.time() * 1000) + 3000 + 10 * count
        timeline = Timeline(steps, 2 * every_ms, moments // 2, start_at_ms=start_ms)
        ingress = timeline if what == ALL else None
        links.want(
            Link(LINK.egress, LINK.ingress, egress_timeline=timeline, ingress_timeline=ingress)
        )
        Worker(links.reconciler, audit_interval_s=3600.0).start()
        _sleep_until(start_ms - 600)
        links.reconciler.lateness.take()
        began = time.process_time()
        _sleep_until(start_ms + (moments - 1) * every_ms)
        share = (time.process_time() - began) / (moments * every_ms / 1000)
        late_ms, _ = links.reconciler.lateness.take()
    print(json.dumps({"late_ms": late_ms, "share": share}))


def _every_ms(count: int) -> int:
    return max(100, 1000 * count // MOST_STEPS_PER_S)


def _sleep_until(at_ms: int) -> None:
    time.sleep(max(at_ms / 1000 - time.time(), 0.0))


if __name__ == "__main__":
    main()
