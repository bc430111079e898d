# SPDX-License-Identifier: Apache-2.0
"""The packages that the lab names when something is missing are those that make installs."""

from __future__ import annotations

from pathlib import Path

import pytest

from netem_lab.guest import zones
from netem_lab.node.backend import BACKENDS, Backend

REPO = Path(__file__).parents[2]
# Essential packages of Debian, and apt.
ALWAYS = {"apt", "dpkg", "tar", "util-linux"}


def _listed(name: str) -> set[str]:
    return set((REPO / name).read_text().split())


@pytest.mark.parametrize("backend", BACKENDS.values(), ids=BACKENDS)
def test_what_a_backend_needs_is_installed_by_make(backend: Backend) -> None:
    needed = set(backend.programs.values()) - _listed("lab-packages.txt")
    assert needed <= _listed("lab-ovn-packages.txt")


def test_the_list_for_ovn_has_nothing_else() -> None:
    needed = {*BACKENDS["ovn"].programs.values(), *zones.PROGRAMS.values()} - ALWAYS
    assert needed - _listed("lab-packages.txt") == _listed("lab-ovn-packages.txt")


@pytest.mark.parametrize("backend", BACKENDS)
def test_each_backend_has_its_part_of_the_configuration(backend: str) -> None:
    assert (REPO / "netem_lab" / "node" / f"{backend}.conf").exists()
