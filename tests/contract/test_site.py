# SPDX-License-Identifier: Apache-2.0
"""The site builds without a warning, whether or not git knows the releases."""

from __future__ import annotations

import subprocess
from pathlib import Path

from doc.generate import notes, site


def test_the_site_has_every_page_and_every_note(tmp_path: Path) -> None:
    assert site.build(tmp_path).exists()
    for page in site.REPO.glob("*.md"):
        assert _rendered(tmp_path, page).exists()
    for page in (site.REPO / "doc").rglob("*.md"):
        assert _rendered(tmp_path, page).exists()
    rendered = (tmp_path / "releasenotes/index.html").read_text()
    for note in (site.REPO / "releasenotes/notes").iterdir():
        assert note.suffix == ".yaml", f"reno passes over {note}"
    for heading in ("New Features", "Upgrade Notes", "Known Issues", "Bug Fixes"):
        assert heading in rendered


def test_the_releases_are_known_by_tags_in_a_whole_history(tmp_path: Path) -> None:
    assert not notes.knows_releases(tmp_path), "no repository"
    whole, shallow = tmp_path / "whole", tmp_path / "shallow"
    _git("init", "-q", whole)
    for subject in ("first", "second"):
        _git("-C", whole, "commit", "-q", "--allow-empty", "-m", subject)
    assert not notes.knows_releases(whole), "no tag"
    _git("-C", whole, "tag", "0.1.0")
    assert notes.knows_releases(whole)
    _git("clone", "-q", "--depth", "1", "--branch", "0.1.0", whole.as_uri(), shallow)
    assert not notes.knows_releases(shallow), "the history is cut off"


def _rendered(folder: Path, page: Path) -> Path:
    return folder / page.relative_to(site.REPO).with_suffix(".html")


def _git(*arguments: object) -> None:
    author = ("-c", "user.name=someone", "-c", "user.email=someone@example.org")
    subprocess.run(["git", *author, *map(str, arguments)], check=True, capture_output=True)
