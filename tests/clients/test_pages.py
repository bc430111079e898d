# SPDX-License-Identifier: Apache-2.0
"""The pages for users show what the programs print.

`REWRITE_PAGES=1 pytest tests/clients/test_pages.py` writes what they print into the pages.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Callable

import pytest

from tests.clients.api import Api
from tests.clients.environments import REPO, Environment
from tests.clients.page import Page

PAGES = REPO / "doc/clients"
ENVIRONMENTS = {
    "heat.md": "heat",
    "neutron.md": "antelope",
    "openstack.md": "newest",
    "presets.md": "newest",
    "python.md": "newest",
    "sdk.md": "newest",
    "timelines.md": "newest",
}
SERVED = "http://127.0.0.1:9696"
INSTALLED = "/usr/lib/python3/dist-packages"
DEPRECATED = "neutron CLI is deprecated and will be removed in the Z cycle. "


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_page(
    name: str,
    api: Api,
    environment: Callable[[str], Environment],
    clean: None,
    tmp_path: Path,
) -> None:
    path = PAGES / name
    page = Page(path.read_text())
    files = page.files()
    for file, content in files.items():
        (tmp_path / file).write_text(content)
    clients = environment(ENVIRONMENTS[name])

    def run(command: str) -> str:
        program, *arguments = shlex.split(command)
        if program == "python3":
            program = str(tmp_path / arguments.pop(0))
        arguments = [str(tmp_path / each) if each in files else each for each in arguments]
        done = clients.run(program, *arguments, COLUMNS="100")
        text = (done.out + done.err).replace(str(REPO), INSTALLED).replace(api.url, SERVED)
        text = text.replace(f"{tmp_path}/", "")
        lines = text.splitlines(keepends=True)
        return "".join(line for line in lines if not line.startswith(DEPRECATED))

    now = page.run(run)
    if os.environ.get("REWRITE_PAGES"):
        path.write_text(now)
    assert now == page.text


def test_each_page_begins_with_a_command() -> None:
    for name in ENVIRONMENTS:
        title, _, block = (PAGES / name).read_text().split("\n")[:3]
        assert title.startswith("# "), name
        assert block == "```console", name


def test_the_index_names_every_page() -> None:
    index = (PAGES / "README.md").read_text()
    assert {each.name for each in PAGES.glob("*.md")} == {*ENVIRONMENTS, "README.md"}
    assert all(f"({name})" in index for name in ENVIRONMENTS)
