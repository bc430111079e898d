# SPDX-License-Identifier: Apache-2.0
"""The error whose message the user of the lab reads."""

from __future__ import annotations


class LabError(Exception):
    """One line that says what is wrong and what would be right; `log`, its details, comes first."""

    def __init__(self, message: str, log: str = "") -> None:
        super().__init__(message)
        self.log = log
