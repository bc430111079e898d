# SPDX-License-Identifier: Apache-2.0
"""Where netem may make packets corrupt: only where it has their data for itself.

Of what an instance sends, an ifb hands up a copy that netem made with its headers in the wrong
place, and the kernel may stop (see ``kernel/redirect.py``). netem copies where data is shared: with
a packet socket, which the filter before the ifb undoes, and of a packet that netem has doubled,
which nothing undoes.
"""

from __future__ import annotations

from dataclasses import replace

from networking_netem.domain.impairment import Impairment
from networking_netem.domain.link import Direction


def corruptible(direction: Direction, asked: Impairment, is_unshared: bool = True) -> Impairment:
    """What of an impairment is safe: in egress no doubling beside corruption.

    Without a filter that gives packets data of their own, no corruption either.
    """
    if direction is Direction.INGRESS or not asked.corrupt_ppm:
        return asked
    return replace(asked, duplicate_ppm=0) if is_unshared else replace(asked, corrupt_ppm=0)
