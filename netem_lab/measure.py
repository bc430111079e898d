# SPDX-License-Identifier: Apache-2.0
"""The table for the link between two VMs as it is now."""

from __future__ import annotations

from netem_lab import remote, session
from netem_lab.probe.prober import Prober
from netem_lab.progress import Display
from netem_lab.rest import Neutron
from netem_lab.verdict import report
from netem_lab.verdict.asked import across
from netem_lab.verdict.judging import judge, sound
from netem_lab.verdict.row import Step
from netem_lab.verdict.sampling import Pair


def main(first: str, second: str, as_json: bool = False) -> int:
    """Print the table for the link as it is now; return 0 if every verdict is good, else 1."""
    with session.opened() as lab, Display() as display:
        neutron = Neutron(lab.api_url)
        asked = across(*(neutron.asked(neutron.port(vm)) for vm in (first, second)))
        step = Step(f"{first} to {second} (egress) and back (ingress), as they are now")
        display.step(step.title)
        prober = Prober(remote.node().spawn, display.working)
        pair = Pair(first, second)
        step.rows += judge(prober, pair, asked, sound(prober, pair, asked))
    return report.show([step], as_json)
