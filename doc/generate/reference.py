# SPDX-License-Identifier: Apache-2.0
"""The references that OpenStack's own generators write: options and policy rules."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CONFIGURATION = """\
# Configuration reference

These options belong in the configuration file of the Open vSwitch agent. The server has none of
its own. This page is written by `make docs`; the commands are for you to run too.

```console
$ {command}
```

```ini
{output}
```
"""

POLICY = """\
# Policy reference

Who may do what to delay and loss rules: each rule below stands for the rule of the same verb for
bandwidth limits, whatever your release says of it, and whatever your `policy.yaml` says instead.
Override the one for bandwidth limits and ours follow; override one of these and only it changes.

```console
$ {command}
```

```yaml
{output}
```
"""


def configuration() -> str:
    """Return the page of options."""
    return _page(CONFIGURATION, "oslo-config-generator", "networking_netem")


def policy() -> str:
    """Return the page of policy rules."""
    return _page(POLICY, "oslopolicy-sample-generator", "networking-netem")


def _page(template: str, tool: str, namespace: str) -> str:
    arguments = ["--namespace", namespace]
    path = Path(sys.executable).with_name(tool)
    done = subprocess.run([path, *arguments], check=True, capture_output=True, text=True)
    lines = (line.rstrip() for line in done.stdout.strip().splitlines())
    return template.format(command=" ".join([tool, *arguments]), output="\n".join(lines))
