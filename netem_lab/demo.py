# SPDX-License-Identifier: Apache-2.0
"""The main job, shown: the scenario on a lab."""

from __future__ import annotations

from netem_lab import remote, session
from netem_lab.progress import Display
from netem_lab.rest import Neutron
from netem_lab.scenario import Scenario
from netem_lab.verdict import report


def main(as_json: bool = False) -> int:
    """Play the scenario and print its table; return 0 if every verdict is good, else 1."""
    with session.opened() as lab, Display() as display:
        steps = Scenario(Neutron(lab.api_url), remote.node(), display).play()
    return report.show(steps, as_json)
