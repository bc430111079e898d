# SPDX-License-Identifier: Apache-2.0
"""How Sphinx makes the site: `make docs`."""

from __future__ import annotations

from pathlib import Path

_REPO = Path(__file__).parents[1]
# Pages have the same paths as in the repository, so a link works there and in the site.
_PAGES = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "doc", "releasenotes")

project = "networking-netem"
author = "The networking-netem authors"
root_doc = "doc/index"
extensions = ["myst_parser", "reno.sphinxext", "doc.generate.notes"]
exclude_patterns = [each.name for each in _REPO.iterdir() if each.name not in _PAGES]
myst_heading_anchors = 3

html_title = project
html_theme = "alabaster"
html_theme_options = {
    "description": "Unstable links for OpenStack Neutron",
    "page_width": "1100px",
}
html_show_sphinx = False
html_copy_source = False
html_use_index = False
# The root of the site leads to its first page.
html_additional_pages = {"index": "index.html"}
templates_path = ["templates"]
