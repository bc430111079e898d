# SPDX-License-Identifier: Apache-2.0
"""Each rule type has all that it needs; where it does not, a sentence names the file."""

from __future__ import annotations

import pytest
from alembic.script import ScriptDirectory

from networking_netem.client import sdk
from networking_netem.domain.attribute import Number
from networking_netem.domain.rule_types import DIRECTION, NAMES, RULE_TYPES, RuleType
from networking_netem.rules import models, objects
from tests.contract.completeness import CHECKS, REPO, VERSIONS, missing

# A type that is only declared: it has no field, class, table or page.
TELEPORT_PCT = Number(
    "teleport_pct", 0, 100, 4, "percent", "Share that arrives first.", field="teleport_ppm"
)
TELEPORT = RuleType("teleport", help="Teleportation", attributes=(TELEPORT_PCT, DIRECTION))


@pytest.mark.parametrize("rule_type", RULE_TYPES, ids=lambda rule_type: rule_type.name)
def test_nothing_is_missing(rule_type: RuleType) -> None:
    lacking = missing(rule_type).values()
    if lacking:
        pytest.fail("\n".join(["see doc/adding-a-rule-type.md", *lacking]), pytrace=False)


def test_a_type_that_is_only_declared_lacks_something_everywhere() -> None:
    said = missing(TELEPORT)
    assert set(said) == set(CHECKS)
    for path, sentence in said.items():
        assert sentence.startswith(f"{path} ")
        assert "teleport" in sentence.lower()
        assert (REPO / path).exists()


def test_the_page_lists_the_files_in_this_order() -> None:
    page = (REPO / "doc/adding-a-rule-type.md").read_text()
    places = [page.index(f"`{path}`") for path in CHECKS]
    assert places == sorted(places)


def test_what_is_written_for_a_type_has_a_declaration() -> None:
    for path, found in {
        "rules/objects.py": set(objects.BY_TYPE),
        "rules/models.py": {table.split("_", 1)[1] for table in models.TABLES},
        "client/sdk.py": set(sdk.RESOURCES),
    }.items():
        more = sorted(found - set(NAMES))
        assert not more, f"domain/rule_types.py does not declare {more}, which {path} has"


@pytest.mark.parametrize("branch", ["expand", "contract"])
def test_the_heads_of_the_migrations_are_said(branch: str) -> None:
    folders = sorted({str(file.parent) for file in VERSIONS.rglob("*.py")})
    scripts = ScriptDirectory(str(VERSIONS.parent), version_locations=folders)
    head = VERSIONS / f"{branch.upper()}_HEAD"
    (newest,) = (
        each for each in scripts.get_heads() if branch in scripts.get_revision(each).branch_labels
    )
    assert head.read_text().strip() == newest, (
        f"{head.relative_to(REPO)} must name the newest migration of its branch, {newest}"
    )
