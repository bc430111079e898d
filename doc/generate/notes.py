# SPDX-License-Identifier: Apache-2.0
"""A Sphinx extension: it renders the release notes where git does not know the releases.

reno finds a note's release by the tags in the history. It fails on a shallow clone and on a tree
without git (reno 4.1.0, `Scanner._get_current_version`), and says 0.0.0 where nothing is tagged.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, Tuple

from dulwich.errors import NotGitRepository
from dulwich.repo import Repo
from reno import scanner
from reno.config import Config

from doc.generate.site import REPO

UNRELEASED = "0.0.0-0"
"""reno takes a version with a dash for unreleased, and gives it a title (`format_report`)."""


class Folder:
    """Stands in for reno's `Scanner`: all notes of the folder belong to one version."""

    def __init__(self, conf: Config) -> None:
        self._notes = REPO / conf.notespath

    def get_notes_by_version(self) -> Dict[str, List[Tuple[str, str]]]:
        paths = sorted(self._notes.glob("*.yaml"))
        return {UNRELEASED: [(str(path.relative_to(REPO)), "") for path in paths]}

    def get_version_dates(self) -> Dict[str, int]:
        return {}

    def get_file_at_commit(self, name: str, sha: str) -> bytes:
        return (REPO / name).read_bytes()

    def close(self) -> None:
        """Do nothing: no file is open."""


def knows_releases(tree: Path) -> bool:
    """Whether git has the whole history of this tree, with at least one tag."""
    try:
        with Repo.discover(str(tree)) as repo:
            return bool(repo.refs.as_dict(b"refs/tags")) and not repo.get_shallow()
    except NotGitRepository:
        return False


def setup(app: Any) -> Dict[str, bool]:
    """Replace reno's `Scanner` where needed; Sphinx calls this."""
    if not knows_releases(REPO):
        scanner.Scanner = Folder
    return {"parallel_read_safe": True}
