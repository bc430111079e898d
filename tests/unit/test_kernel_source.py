# SPDX-License-Identifier: Apache-2.0
"""Which source the guest's kernel was built from, by what its package says."""

from __future__ import annotations

import pytest

from netem_lab.errors import LabError
from netem_lab.guest.kernel_source import named


@pytest.mark.parametrize(
    ("built_using", "package", "version"),
    [
        ("linux (= 6.1.176-1)", "linux-source-6.1", "6.1.176-1"),
        ("linux (= 6.12.43-1~deb13u2)", "linux-source-6.12", "6.12.43-1~deb13u2"),
        ("gcc-12 (= 12.2.0-14), linux (= 6.1.8-1)", "linux-source-6.1", "6.1.8-1"),
        ("user-mode-linux (= 6.1.5um4), linux (= 7.2.1-1)", "linux-source-7.2", "7.2.1-1"),
    ],
)
def test_the_source_is_of_the_version_that_the_kernel_was_built_from(
    built_using: str, package: str, version: str
) -> None:
    assert named(built_using) == (package, version)


@pytest.mark.parametrize("built_using", ["", "gcc-12 (= 12.2.0-14)", "linux (>= 6.1.176-1)"])
def test_a_kernel_whose_source_cannot_be_told_is_refused(built_using: str) -> None:
    with pytest.raises(LabError, match="cannot tell which source") as error:
        named(built_using)
    assert repr(built_using) in str(error.value)
