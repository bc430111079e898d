# SPDX-License-Identifier: Apache-2.0
"""The commands `demo` and `measure`, on the lab that is up or on a new one."""

from __future__ import annotations

import time
from typing import Optional

from netem_lab.neutron_api import NeutronClient
from netem_lab.probe.prober import Prober
from netem_lab.progress import Display
from netem_lab.scenario.scenario import Scenario
from netem_lab.session import remote, up_down
from netem_lab.verdict import report
from netem_lab.verdict.judging import judge, probe
from netem_lab.verdict.path import across, link_of
from netem_lab.verdict.row import Section
from netem_lab.verdict.sampling import Pair


def demo(
    as_json: bool = False, backend: Optional[str] = None, chassis: Optional[int] = None
) -> int:
    """Play the scenario and print its tables; return 0 if every verdict is good, else 1."""
    with up_down.opened(backend, chassis=chassis) as lab, Display() as display:
        neutron = NeutronClient(lab.api_url)
        nodes = (remote.node(), remote.other_node())
        sections = Scenario(neutron, nodes[0], display, lab.metered, nodes[1]).play()
    return report.show(sections, as_json)


def measure(first: str, second: str, as_json: bool = False) -> int:
    """Measure the link as it is and print its table; return 0 if every verdict is good, else 1."""
    with up_down.opened() as lab, Display() as display:
        neutron = NeutronClient(lab.api_url)
        now_ms = int(time.time() * 1000)
        links = (link_of(neutron.rules(neutron.port(vm))) for vm in (first, second))
        asked = across(*(link.at(now_ms) for link in links))
        section = Section(f"{first} to {second} (egress) and back (ingress), as they are now")
        display.step(section.title)
        prober = Prober(remote.node(), display.working, remote.other_node())
        pair = Pair(first, second)
        section.rows += judge(prober, pair, asked, probe(prober, pair, asked), metered=lab.metered)
    return report.show([section], as_json)
