# SPDX-License-Identifier: Apache-2.0
"""What a request to our rules costs, as a multiple of the same request to a bandwidth limit.

Run as `python -m benchmarks.api [ROUNDS]`. One server over SQLite runs in this process. Each
round has both types in random order, so that what slows the machine down slows both. The exit
status is 1 where the interval of a ratio exceeds the limit.
"""

from __future__ import annotations

import contextlib
import os
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Callable

from tests.support import neutron_api
from tests.support.neutron_api import Answer, NeutronApi

LIMIT = 1.1
RESAMPLES = 2000
VERBS = ("POST", "PUT", "GET", "LIST", "DELETE")
BODIES = {
    "delay": ({"delay_ms": 10, "delay_correlation_ms": 1}, {"delay_ms": 20}),
    "bandwidth_limit": ({"max_kbps": 1000, "max_burst_kbps": 100}, {"max_kbps": 2000}),
}
Times = dict[str, dict[str, list[float]]]
"""Seconds, by verb and by type of rule."""


def measure(api: NeutronApi, rounds: int) -> Times:
    """Return how long each request took; the nth times of both types are of the same round."""
    dice = random.Random(1)
    taken: Times = {verb: {rule_type: [] for rule_type in BODIES} for verb in VERBS}
    policy = api.post("/qos/policies", {"policy": {"name": "benchmark"}}).body["policy"]["id"]
    for number in range(rounds + 10):
        if number == 10:  # the first rounds warm caches up
            taken = {verb: {rule_type: [] for rule_type in BODIES} for verb in VERBS}
        for rule_type in dice.sample(list(BODIES), len(BODIES)):
            path, member = f"/qos/policies/{policy}/{rule_type}_rules", f"{rule_type}_rule"
            made, changed = ({member: body} for body in BODIES[rule_type])
            created = _timed(taken["POST"][rule_type], lambda p=path, b=made: api.post(p, b))
            at = f"{path}/{created.body[member]['id']}"
            _timed(taken["PUT"][rule_type], lambda p=at, b=changed: api.put(p, b))
            _timed(taken["GET"][rule_type], lambda p=at: api.get(p))
            _timed(taken["LIST"][rule_type], lambda p=path: api.get(p))
            _timed(taken["DELETE"][rule_type], lambda p=at: api.delete(p))
    return taken


def _timed(taken: list[float], request: Callable[[], Answer]) -> Any:
    begun = time.perf_counter()
    answer = request()
    taken.append(time.perf_counter() - begun)
    assert answer.status < 300, answer.body
    return answer


def ratio(ours: list[float], theirs: list[float]) -> tuple[float, float, float]:
    """Return the ratio of medians, and the bounds of its 95 % interval (bootstrap over rounds)."""
    dice = random.Random(2)
    rounds = range(len(ours))
    resampled = []
    for _ in range(RESAMPLES):
        chosen = dice.choices(rounds, k=len(ours))
        resampled.append(_ratio([ours[i] for i in chosen], [theirs[i] for i in chosen]))
    resampled.sort()
    return _ratio(ours, theirs), resampled[RESAMPLES // 40], resampled[-RESAMPLES // 40]


def _ratio(ours: list[float], theirs: list[float]) -> float:
    return statistics.median(ours) / statistics.median(theirs)


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        neutron_api.create_sqlite(root / "neutron.sqlite")
        # Neutron logs every request to stderr. Its lines must not come between those of the table.
        with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stderr(nowhere):
            taken = measure(neutron_api.start(neutron_api.configure(root)), rounds)
    print(f"{rounds} rounds, medians; limit {LIMIT}")
    print(f"{'':8}{'delay ms':>10}{'bandwidth ms':>14}{'ratio':>8}  95 %")
    within = True
    for verb, by_type in taken.items():
        ours, theirs = by_type["delay"], by_type["bandwidth_limit"]
        middle, low, high = ratio(ours, theirs)
        within = within and high <= LIMIT
        medians = (1000 * statistics.median(each) for each in (ours, theirs))
        print(
            f"{verb:8}{next(medians):10.2f}{next(medians):14.2f}{middle:8.3f}"
            f"  {low:.3f} to {high:.3f}"
        )
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main())
