# SPDX-License-Identifier: Apache-2.0
"""Dependencies point inward only."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Iterator

import pytest

from tests.support.imports import imports

REPO = Path(__file__).parents[2]
PACKAGE = REPO / "networking_netem"

# The layers that each layer may import besides itself.
MAY_IMPORT = {
    "domain": set(),
    "kernel": {"domain"},
    # The API extension is a part of the server; Neutron looks for its folder by that name.
    "server": {"domain", "rules", "extensions"},
    "extensions": {"domain", "server"},
    "rules": {"domain"},
    "reconcile": {"domain", "kernel"},
    "agent": {"domain", "kernel", "reconcile"},
    "agent_ovs": {"agent", "domain", "kernel", "rules", "reconcile"},
    "agent_ovn": {"agent", "domain", "kernel", "reconcile"},
    "client": {"domain"},
}


def _layers() -> Iterator[str]:
    return (each.name for each in sorted(PACKAGE.iterdir()) if (each / "__init__.py").exists())


def _imports(layer: str) -> Iterator[tuple[Path, str]]:
    return imports(PACKAGE / layer)


@pytest.mark.parametrize("layer", _layers())
def test_a_layer_imports_only_what_lies_further_in(layer: str) -> None:
    allowed = MAY_IMPORT[layer] | {layer}
    for path, module in _imports(layer):
        top, _, rest = module.partition(".")
        if top == PACKAGE.name and rest:
            assert rest.split(".")[0] in allowed, f"{path} imports {module}"


@pytest.mark.parametrize("layer", ["domain", "reconcile"])
def test_a_layer_imports_the_standard_library_only(layer: str) -> None:
    for path, module in _imports(layer):
        top = module.split(".")[0]
        assert top in sys.stdlib_module_names or top == PACKAGE.name, f"{path} imports {module}"


def test_the_kernel_knows_no_neutron() -> None:
    for path, module in _imports("kernel"):
        top = module.split(".")[0]
        assert not top.startswith("neutron"), f"{path} imports {module}"
        assert not top.startswith("oslo") or path.name == "privileged.py", f"{path}: {module}"


def test_the_client_knows_neither_server_nor_kernel() -> None:
    for path, module in _imports("client"):
        top = module.split(".")[0]
        assert top not in ("neutron", "neutron_lib", "pyroute2", "oslo_privsep"), (
            f"{path} imports {module}"
        )
