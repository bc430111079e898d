# SPDX-License-Identifier: Apache-2.0
"""Rows are looked at before they are stored, whichever way they came."""

from __future__ import annotations

import contextlib
from typing import Any, Callable, Iterator

import sqlalchemy as sa
from neutron_lib import exceptions

from networking_netem.domain.attribute import InvalidValue

Check = Callable[[Any, Any, Any], None]
"""Takes mapper, connection and row, and raises what refuses the row."""


def before_insert(model: Any, check: Check) -> None:
    """Have new rows of a model looked at from now on; repeating changes nothing."""
    _listen("before_insert", model, check)


def before_write(model: Any, check: Check) -> None:
    """Have new and changed rows of a model looked at from now on; repeating changes nothing."""
    for event in ("before_insert", "before_update"):
        _listen(event, model, check)


@contextlib.contextmanager
def bad_request() -> Iterator[None]:
    """What raises `InvalidValue` here, Neutron answers with 400 and its message."""
    try:
        yield
    except InvalidValue as error:
        raise exceptions.InvalidInput(error_message=str(error)) from error


def _listen(event: str, model: Any, check: Check) -> None:
    if not sa.event.contains(model, event, check):
        sa.event.listen(model, event, check)
