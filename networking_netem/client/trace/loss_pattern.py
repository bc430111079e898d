# SPDX-License-Identifier: Apache-2.0
"""A pattern of losses of netem-trace, as a share and a mean run."""

from __future__ import annotations

from typing import Sequence, Tuple


def share_and_run(chances: Sequence[float]) -> Tuple[float, float]:
    """Return the percent lost, and the mean run of lost packets; a run of 1 may be any.

    ``chances[n]`` is the chance of a loss after n losses in a row; the last holds for more.
    """
    first, *later = chances
    if first <= 0:
        return 0.0, 1.0
    *between, last = later or [first]
    run, chance = 1.0, 1.0
    for each in between:
        chance *= each
        run += chance
    if chance > 0:
        if last >= 1:
            return 100.0, 1.0
        run += chance * last / (1 - last)
    share = 100 * run / (run + 1 / first)
    return share, run if later else 1.0
