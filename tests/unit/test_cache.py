# SPDX-License-Identifier: Apache-2.0
"""Folders in the cache are made once, and are complete or absent."""

from __future__ import annotations

import multiprocessing
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import List

import pytest

from netem_lab.errors import LabError
from netem_lab.guest import cache


class Maker:
    """Fills a folder, and records what was in it before."""

    def __init__(self) -> None:
        self.found: List[List[str]] = []

    def __call__(self, folder: Path) -> None:
        self.found.append(os.listdir(folder))
        (folder / "made").touch()


def test_a_folder_is_made_once(tmp_path: Path) -> None:
    make = Maker()
    for _ in range(2):
        assert cache.ensure(tmp_path / "6.1.176-1", make) == tmp_path / "6.1.176-1"
    assert make.found == [[]]
    assert os.listdir(tmp_path / "6.1.176-1") == ["made"]


def test_another_version_is_another_folder(tmp_path: Path) -> None:
    make = Maker()
    for version in ("6.1.176-1", "6.1.176-2"):
        cache.ensure(tmp_path / version, make)
    assert make.found == [[], []]


def test_who_needs_it_at_once_waits_for_who_makes_it(tmp_path: Path) -> None:
    make = Maker()
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: cache.ensure(tmp_path / "folder", make), range(32)))
    assert make.found == [[]]


def test_it_is_made_anew_on_demand(tmp_path: Path) -> None:
    make = Maker()
    cache.ensure(tmp_path / "folder", make)
    (tmp_path / "folder" / "old").touch()
    cache.ensure(tmp_path / "folder", make, anew=True)
    assert os.listdir(tmp_path / "folder") == ["made"]


def test_what_fails_leaves_no_folder(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise LabError("no compiler")

    with pytest.raises(LabError, match="no compiler"):
        cache.ensure(tmp_path / "folder", fail)
    assert not (tmp_path / "folder").exists()
    make = Maker()
    cache.ensure(tmp_path / "folder", make)
    assert make.found == [[]]


def test_after_a_kill_in_the_middle_the_next_starts_anew(tmp_path: Path) -> None:
    ours, theirs = os.pipe()

    def begin(folder: Path) -> None:
        (folder / "half").touch()
        os.write(theirs, b"x")
        signal.pause()

    process = multiprocessing.get_context("fork").Process(
        target=cache.ensure, args=(tmp_path / "folder", begin)
    )
    process.start()
    assert os.read(ours, 1) == b"x"
    process.kill()
    process.join()
    assert not (tmp_path / "folder").exists()
    make = Maker()
    cache.ensure(tmp_path / "folder", make)
    assert make.found == [[]]
