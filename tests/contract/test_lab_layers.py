# SPDX-License-Identifier: Apache-2.0
"""The layers of the lab, and the folders that each of the two distributions holds."""

from __future__ import annotations

import fnmatch
import re
import sys
from pathlib import Path
from typing import Iterator

import pytest
import tomllib

from netem_lab.node.backend import BACKENDS
from tests.support.imports import imports

REPO = Path(__file__).parents[2]
LAB = REPO / "netem_lab"

# The folders of the lab that each may import besides itself; a file at the top is a folder here.
MAY_IMPORT = {
    "errors": set(),
    "progress": set(),
    "neutron_api": {"errors"},
    # These run on the host and in the guest, where only this package and Python are present.
    "guest": {"errors"},
    "probe": {"errors"},
    "verdict": {"errors", "probe"},
    "node": {"errors", "neutron_api"},
    "session": {"errors", "neutron_api", "guest", "node"},
    "scenario": {"errors", "progress", "neutron_api", "guest", "probe", "verdict", "session"},
    "cli": {"errors", "guest", "node", "scenario", "session"},
}
# These run with the oldest suite's own Python too, which has no packages for us.
STANDARD_LIBRARY_ONLY = ("errors", "guest", "probe", "neutron_api")
# A verdict compares with the domain's figures, not with those of the agent under test.
OF_NETWORKING_NETEM = {
    "verdict": ("domain",),
    "scenario": ("domain", "kernel.qdisc"),
}


def _layers() -> Iterator[str]:
    """Yield the folders, and the files at the top."""
    for path in sorted(LAB.iterdir()):
        if (path / "__init__.py").exists() or (path.suffix == ".py" and path.stem != "__init__"):
            yield path.stem


def _imports(layer: str) -> Iterator[tuple[Path, str]]:
    folder = LAB / layer
    return imports(folder if folder.is_dir() else folder.with_suffix(".py"))


def _packages(folder: Path, name: str) -> set[str]:
    """The dotted names of all folders below that have an __init__.py."""
    places = (init.parent.relative_to(folder).parts for init in folder.rglob("__init__.py"))
    return {".".join((name, *parts)) for parts in places}


@pytest.mark.parametrize("layer", _layers())
def test_a_layer_imports_only_what_lies_below_it(layer: str) -> None:
    assert layer in MAY_IMPORT, (
        f"{layer} is new: say in MAY_IMPORT of {__file__} what it may import"
    )
    allowed = MAY_IMPORT[layer] | {layer}
    for path, module in _imports(layer):
        top, _, rest = module.partition(".")
        if top == LAB.name:
            assert rest.split(".")[0] in allowed, f"{path} imports {module}"


@pytest.mark.parametrize("layer", STANDARD_LIBRARY_ONLY)
def test_what_runs_on_any_python_imports_the_standard_library_only(layer: str) -> None:
    for path, module in _imports(layer):
        top = module.split(".")[0]
        assert top in sys.stdlib_module_names or top == LAB.name, f"{path} imports {module}"


@pytest.mark.parametrize("layer", MAY_IMPORT)
def test_of_networking_netem_verdicts_know_what_is_asked_and_no_more(layer: str) -> None:
    allowed = tuple(f"networking_netem.{each}." for each in OF_NETWORKING_NETEM.get(layer, ()))
    for path, module in _imports(layer):
        if module.split(".")[0] == "networking_netem":
            assert module.startswith(allowed), f"{path} imports {module}"


def test_backends_are_told_apart_in_one_place() -> None:
    """Whoever else named one would have to be found when there is a third."""
    place = "netem_lab.node.backend"
    backends = {type(each).__module__ for each in BACKENDS.values()}
    for path, module in imports(LAB):
        if module.startswith(tuple(backends)):
            assert path == REPO / Path(*place.split(".")).with_suffix(".py"), f"{path}: {module}"
    for path in LAB.rglob("*.py"):
        compared = re.findall(r"""[=!]= ["'](\w+)["']""", path.read_text())
        assert not set(compared) & set(BACKENDS), f"{path} asks which backend it has"


def test_the_lab_carries_all_its_folders() -> None:
    file = LAB / "pyproject.toml"
    setuptools = tomllib.loads(file.read_text())["tool"]["setuptools"]
    assert set(setuptools["packages"]) == _packages(LAB, LAB.name), f"`packages` in {file}"


def test_the_wheel_of_a_compute_host_has_nothing_of_the_lab() -> None:
    """setuptools matches the dotted names of packages with these patterns, as a shell does."""
    file = REPO / "pyproject.toml"
    setuptools = tomllib.loads(file.read_text())["tool"]["setuptools"]
    assert "packages" not in setuptools or "find" in setuptools["packages"]
    patterns = setuptools["packages"]["find"]["include"]
    carried = {
        name
        for folder in (REPO / "networking_netem", LAB)
        for name in _packages(folder, folder.name)
        if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
    }
    assert carried == _packages(REPO / "networking_netem", "networking_netem")
    scripts = tomllib.loads(file.read_text())["project"].get("scripts", {})
    assert not [name for name, target in scripts.items() if target.startswith(LAB.name)]
