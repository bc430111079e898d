# SPDX-License-Identifier: Apache-2.0
"""The site: all pages and the release notes, made by Sphinx from `doc/conf.py`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

REPO = Path(__file__).parents[2]
FOLDER = REPO / "build/html"


def build(folder: Path) -> Path:
    """Make the site in a folder and return its first page.

    Raises `CalledProcessError` when Sphinx has a warning, which it prints: a link without a
    target, a page in no table of contents, markup that it cannot read.
    """
    strict = ("-q", "--fail-on-warning", "--keep-going", "--nitpicky")
    command = [sys.executable, "-m", "sphinx", *strict, "-c", "doc", ".", str(folder)]
    subprocess.run(command, check=True, cwd=REPO)
    return folder / "index.html"
