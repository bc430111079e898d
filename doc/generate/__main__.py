# SPDX-License-Identifier: Apache-2.0
"""Writes the generated pages, one of them with the help of a Neutron, and then makes the site."""

from __future__ import annotations

import tempfile
from pathlib import Path

from doc.generate import reference, rest, site
from tests.support import neutron_api

FOLDER = site.REPO / "doc"


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        neutron_api.create_sqlite(root / "neutron.sqlite")
        api = neutron_api.start(neutron_api.configure(root))
        pages = {
            "configuration.md": reference.configuration(),
            "policy.md": reference.policy(),
            "rest.md": rest.page(api),
        }
        for name, text in pages.items():
            (FOLDER / name).write_text(text)
    first = site.build(site.FOLDER)
    print(f"The site begins at {first}")


if __name__ == "__main__":
    main()
