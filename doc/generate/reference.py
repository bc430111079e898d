# SPDX-License-Identifier: Apache-2.0
"""The references that OpenStack's own generators write: options and policy rules."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Callable, List

from oslo_config import generator as config_generator
from oslo_config.cfg import ConfigOpts
from oslo_policy import generator as policy_generator

CONFIGURATION = """\
# Configuration reference

These options are set in the configuration file of the Open vSwitch agent, or of
`networking-netem-ovn-agent`. The latter has the section `[ovs]` below besides, and Neutron's own
options `ovn_sb_…` of the section `[ovn]`. Below "From networking_netem.server" is the server's one
option, in `neutron.conf`. `make docs` writes this page by the command below.

```console
$ {command}
```

```ini
{output}
```
"""

POLICY = """\
# Policy reference

This page says who may do what to delay and loss rules. Each policy rule below refers to the one of
the same verb for bandwidth limits, as your release or your `policy.yaml` has it. If you override
that one, ours follows. If you override one of ours, only that one changes.

```console
$ {command}
```

```yaml
{output}
```
"""


def configuration() -> str:
    """Return the page of options."""
    namespaces = ("networking_netem", "networking_netem.agent_ovn", "networking_netem.server")
    return _page(CONFIGURATION, config_generator.main, "oslo-config-generator", *namespaces)


def policy() -> str:
    """Return the page of policy rules."""
    tool = ("oslopolicy-sample-generator", "networking-netem")
    # A new ConfigOpts: the global one belongs to the Neutron in this process.
    return _page(POLICY, lambda args: policy_generator.generate_sample(args, ConfigOpts()), *tool)


def _page(
    template: str, generate: Callable[[List[str]], Any], program: str, *namespaces: str
) -> str:
    arguments = [word for namespace in namespaces for word in ("--namespace", namespace)]
    with tempfile.TemporaryDirectory() as temporary:
        output = Path(temporary) / "output"
        generate([*arguments, "--output-file", str(output)])
        lines = [line.rstrip() for line in output.read_text().strip().splitlines()]
    asked = [f"--namespace {namespace}" for namespace in namespaces]
    command = " \\\n    ".join([program, *asked]) if len(asked) > 2 else " ".join([program, *asked])
    return template.format(command=command, output="\n".join(lines))
