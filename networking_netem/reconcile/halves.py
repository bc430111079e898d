# SPDX-License-Identifier: Apache-2.0
"""A batch that raises is tried by halves, so that what is at fault costs nobody else."""

from __future__ import annotations

from typing import Callable, List, Sequence, TypeVar

Item = TypeVar("Item")

MOST_FAULTS = 24
"""How many batches may raise. To find one item among 1000 takes 11."""


def by_halves(
    items: Sequence[Item],
    do: Callable[[Sequence[Item]], None],
    fail: Callable[[Item, Exception], None],
) -> None:
    """Call `do` with all items at once, and with halves of what made it raise.

    `fail` is called with an item that raises by itself, and what it raised. After `MOST_FAULTS`
    batches that raised it is called with all items that are left.
    """
    waiting: List[Sequence[Item]] = [items] if items else []
    faults: List[Exception] = []
    while waiting:
        batch = waiting.pop()
        if len(faults) < MOST_FAULTS:
            try:
                do(batch)
                continue
            except Exception as error:
                faults.append(error)
        if len(batch) > 1 and len(faults) < MOST_FAULTS:
            middle = len(batch) // 2
            waiting += [batch[middle:], batch[:middle]]
        else:
            for item in batch:
                fail(item, faults[-1])
