# SPDX-License-Identifier: Apache-2.0
"""What raises in a batch is found, and the other items are not affected."""

from __future__ import annotations

from typing import Callable, List, Sequence, Set

import pytest

from networking_netem.reconcile.halves import MOST_FAULTS, by_halves

MANY = range(1000)


class Work:
    """Raises where a batch holds a bad number."""

    def __init__(self, *bad: int) -> None:
        self.bad = set(bad)
        self.done: Set[int] = set()
        self.raised = 0
        self.failed: List[int] = []

    def do(self, batch: Sequence[int]) -> None:
        if self.bad & set(batch):
            self.raised += 1
            raise LookupError(sorted(self.bad & set(batch))[0])
        self.done |= set(batch)

    def fail(self, item: int, error: Exception) -> None:
        self.failed.append(item)


@pytest.mark.parametrize("bad", [0, 1, 499, 500, 999])
def test_one_is_found_among_a_thousand(bad: int) -> None:
    work = Work(bad)
    by_halves(MANY, work.do, work.fail)
    assert work.failed == [bad]
    assert work.done == set(MANY) - {bad}
    assert work.raised <= 11


def test_when_everything_raises_it_ends_soon() -> None:
    work = Work(*MANY)
    by_halves(MANY, work.do, work.fail)
    assert work.raised == MOST_FAULTS
    assert sorted(work.failed) == list(MANY)


def test_each_gets_what_it_raised_itself() -> None:
    errors = {}
    keep: Callable[[int, Exception], None] = lambda item, error: errors.update({item: str(error)})  # noqa: E731
    work = Work(3, 8)
    by_halves(range(10), work.do, keep)
    assert errors == {3: "3", 8: "8"}


def test_nothing_is_done_for_nobody() -> None:
    work = Work()
    by_halves([], work.do, work.fail)
    assert (work.done, work.failed) == (set(), [])
