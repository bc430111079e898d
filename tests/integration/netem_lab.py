# SPDX-License-Identifier: Apache-2.0
"""Runs the command netem-lab as a user does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

PROGRAM = str(Path(sys.executable).with_name("netem-lab"))


def netem_lab(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run it to its end; its environment is that of the tests, changed by `env`."""
    environment = {**os.environ, **options.pop("env", {})}
    wrapper = options.pop("wrapper", ())
    return subprocess.run(
        [*wrapper, PROGRAM, *arguments],
        capture_output=True,
        text=True,
        env=environment,
        **{"stdin": subprocess.DEVNULL, "timeout": 120, **options},
    )
