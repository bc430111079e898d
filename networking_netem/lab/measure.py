# SPDX-License-Identifier: Apache-2.0
"""The table for the link between two VMs as it is now."""

from __future__ import annotations

from networking_netem.lab import remote, session
from networking_netem.lab.probe.prober import Prober
from networking_netem.lab.progress import Display
from networking_netem.lab.rest import Neutron
from networking_netem.lab.verdict import report
from networking_netem.lab.verdict.asked import across
from networking_netem.lab.verdict.judging import judge, sound
from networking_netem.lab.verdict.row import Step
from networking_netem.lab.verdict.sampling import Pair


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
