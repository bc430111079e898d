# SPDX-License-Identifier: Apache-2.0
"""The one error that the lab's user sees as a single line."""

from __future__ import annotations


class LabError(Exception):
    """Says in one line what was wrong and what would be right; `log` is shown under it."""

    def __init__(self, message: str, log: str = "") -> None:
        super().__init__(message)
        self.log = log
