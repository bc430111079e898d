# SPDX-License-Identifier: Apache-2.0
"""User-Mode Linux gets what it lacks on a processor with AMX, and nothing on others."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Callable

import pytest

from netem_lab.errors import LabError
from netem_lab.guest import xstate


@pytest.fixture
def processor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def has(flags: str) -> None:
        (tmp_path / "cpuinfo").write_text(f"flags\t\t: fpu {flags} avx512f\n")
        monkeypatch.setattr(xstate, "_CPU_INFO", tmp_path / "cpuinfo")

    return has


def test_other_processors_need_nothing(processor: Callable[[str], None], tmp_path: Path) -> None:
    processor("avx2")
    assert xstate.environment(tmp_path) == {}


def test_amx_needs_a_library_that_is_built_once(
    processor: Callable[[str], None], tmp_path: Path
) -> None:
    if not shutil.which("gcc"):
        pytest.skip("there is no compiler")
    processor("amx_bf16 amx_tile")
    library = Path(xstate.environment(tmp_path / "new")["LD_PRELOAD"])
    built_at = library.stat().st_mtime_ns
    assert xstate.environment(tmp_path / "new") == {"LD_PRELOAD": str(library)}
    assert library.stat().st_mtime_ns == built_at


def test_a_missing_compiler_is_named(
    processor: Callable[[str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    processor("amx_tile")
    nothing: Callable[..., Any] = lambda *_, **__: None  # noqa: E731
    monkeypatch.setattr(shutil, "which", nothing)
    with pytest.raises(LabError, match="install the packages gcc and libc6-dev"):
        xstate.environment(tmp_path)
