# SPDX-License-Identifier: Apache-2.0
"""Lists what source files import, at any place in the file."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Iterator, Tuple


def imports(source: Path) -> Iterator[Tuple[Path, str]]:
    """Yield each module or name that a file, or a file below a folder, imports."""
    for path in sorted(source.rglob("*.py")) if source.is_dir() else [source]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from ((path, each.name) for each in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert not node.level, f"{path}: a relative import hides its layer"
                yield from ((path, f"{node.module}.{each.name}") for each in node.names)
