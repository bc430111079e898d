# SPDX-License-Identifier: Apache-2.0
"""The folders of a node, and the files of options in them."""

from __future__ import annotations

import socket
import string
import sys
from pathlib import Path
from typing import Mapping

LOG_FOLDER = Path("/var/log/netem-lab")
RUN_FOLDER = Path("/run/neutron")
DATABASE = RUN_FOLDER / "neutron.sqlite"


def make_folders() -> None:
    """Make the folders; they must not be there."""
    for folder in (LOG_FOLDER, RUN_FOLDER):
        folder.mkdir(parents=True)


def configure(name: str, settings: Mapping[str, str]) -> str:
    """Fill in a file of options that is beside this one, and return where it is."""
    values = {
        "prefix": sys.prefix,
        "log_folder": LOG_FOLDER,
        "run_folder": RUN_FOLDER,
        "hostname": socket.gethostname(),
        "database": DATABASE,
        **settings,
    }
    template = string.Template(Path(__file__).with_name(name).read_text())
    configuration = RUN_FOLDER / name
    configuration.write_text(template.substitute(values))
    return str(configuration)
