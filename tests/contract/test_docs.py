# SPDX-License-Identifier: Apache-2.0
"""The generated pages are what the code would write now; `make docs` writes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from doc.generate import reference, rest
from tests.releases.suites import SUITES
from tests.support.neutron_api import NeutronApi

FOLDER = Path(rest.__file__).parents[1]


def _check(name: str, now: str) -> None:
    if (FOLDER / name).read_text() != now:
        pytest.fail(f"doc/{name} is old: run `make docs`", pytrace=False)


def test_options() -> None:
    _check("configuration.md", reference.configuration())


def test_policy_rules() -> None:
    _check("policy.md", reference.policy())


def test_requests_and_answers(api: NeutronApi) -> None:
    _check("rest.md", rest.page(api))


def test_every_suite_is_in_the_matrix() -> None:
    matrix = (FOLDER.parent / "README.md").read_text().split("## Releases")[1].splitlines()
    for suite in SUITES.values():
        (line,) = (line for line in matrix if suite.name in line.split())
        assert suite.release in line
        assert f" {suite.neutron_major}." in line
        assert "passed" in line
