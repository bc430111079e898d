# SPDX-License-Identifier: Apache-2.0
"""What the kernel cannot do of a link is said with its direction and both figures."""

from __future__ import annotations

import pytest

from networking_netem.domain.impairment import Impairment
from networking_netem.domain.link import Link
from networking_netem.domain.plan import Conditions, plan
from networking_netem.domain.shortfall import shortfalls

LOSSY = Impairment(loss_ppm=100_000, duplicate_ppm=500_000)
BOTH = Impairment(corrupt_ppm=10_000, duplicate_ppm=20_000)


@pytest.mark.parametrize(
    ("link", "said"),
    [
        (
            Link(egress=LOSSY),
            "egress: 50 % of the packets cannot arrive twice beside a loss of 10 %",
        ),
        (Link(egress=Impairment(reorder_ppm=50_000)), "egress: reordering of 5 % needs a delay"),
        (
            Link(ingress=Impairment(loss_ppm=900_000, loss_burst_hundredths=300)),
            "ingress: a loss of 90 % cannot come in runs of 3 packets; runs of 9.00 are installed",
        ),
        (Link(egress=BOTH), "egress: 2 % of the packets cannot arrive twice beside corruption"),
    ],
)
def test_each_is_said(link: Link, said: str) -> None:
    (phrase,) = shortfalls(link)
    assert phrase.startswith(said)


@pytest.mark.parametrize(
    "asked",
    [
        Impairment(loss_ppm=100_000, loss_burst_hundredths=300, duplicate_ppm=50_000),
        Impairment(loss_ppm=1_000_000, loss_burst_hundredths=300, duplicate_ppm=1_000_000),
        Impairment(delay_us=1, reorder_ppm=1_000_000, corrupt_ppm=1_000_000),
    ],
)
def test_what_can_be_had_is_not_said(asked: Impairment) -> None:
    assert shortfalls(Link(egress=asked, ingress=asked)) == ()


def test_copies_of_corrupt_packets_are_left_out_of_egress_only() -> None:
    made = plan(Link(egress=BOTH, ingress=BOTH))
    egress, ingress = (path.tree.netem for path in (made.egress, made.ingress))
    assert (egress.duplicate, bool(egress.corrupt)) == (0, True)
    assert (bool(ingress.duplicate), bool(ingress.corrupt)) == (True, True)
    assert (made.egress.unshares, made.ingress.unshares) == (True, False)


def test_without_pedit_nothing_is_corrupt_in_egress() -> None:
    made = plan(
        Link(egress=BOTH, ingress=BOTH), Conditions(missing_modules=frozenset({"act_pedit"}))
    )
    assert (made.egress.unshares, made.egress.tree.netem.corrupt) == (False, 0)
    assert made.egress.tree.netem.duplicate
    assert made.ingress.tree.netem.corrupt
