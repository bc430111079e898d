# SPDX-License-Identifier: Apache-2.0
"""The host's side of the probe: starts it in the node and reads what it says."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Union

from netem_lab.errors import LabError
from netem_lab.probe.flow import Datagrams, Goodput, NetemCount, Sample, Transfer

Flow = Union[Datagrams, Transfer]
Answer = Union[Sample, Goodput]
ISOLATED_PYTHON = (sys.executable, "-I")
Progress = Callable[[str, float], None]
"""Hears what is measured and how much of it is done, 0.0 to 1.0."""


class Prober:
    """Runs flows between the VMs; `spawn` starts a command in the node (see `remote.spawn`).

    `python` starts an interpreter of the node that finds this package.
    """

    def __init__(
        self,
        spawn: Callable[[Sequence[str]], Any],
        progress: Progress,
        python: Sequence[str] = ISOLATED_PYTHON,
    ) -> None:
        self._spawn = spawn
        self._progress = progress
        self._python = python

    def run(
        self,
        stages: Sequence[Sequence[Flow]],
        meanwhile: Optional[Callable[[], None]] = None,
    ) -> Dict[str, Any]:
        """Run the stages in turn and return the answers by name of flow.

        `meanwhile` is called once, while packets run; flows that await an edit then go on to
        measure.
        """
        specs = json.dumps([[asdict(flow) for flow in stage] for stage in stages if stage])
        probe = self._spawn([*self._python, "-m", "netem_lab.probe.main", specs])
        try:
            awaited = any(getattr(flow, "awaits_edit", False) for stage in stages for flow in stage)
            answers = dict(self._answers(probe, meanwhile, awaited))
        except BaseException:
            probe.kill()
            raise
        if probe.wait():
            raise LabError("the probe failed in the node", probe.stderr)
        return answers

    def _answers(
        self, probe: Any, meanwhile: Optional[Callable[[], None]], awaited: bool
    ) -> Iterator[Any]:
        pid = 0
        for line in probe:
            event = json.loads(line)
            if "pid" in event:
                pid = event["pid"]
            elif "progress" in event:
                self._progress(_words(event["flows"]), event["progress"])
                if meanwhile:
                    meanwhile()
                    meanwhile = None
                    if awaited:
                        self._spawn(["sh", "-c", f"kill -USR1 {pid}"]).wait()
            else:
                yield event["flow"], answer(event)


def answer(event: Dict[str, Any]) -> Answer:
    """Return the sample or goodput that the probe's line holds."""
    if "goodput" in event:
        return Goodput(**event["goodput"])
    sample = event["sample"]
    netem = sample.pop("netem")
    return Sample(**sample, netem=netem and NetemCount(**netem))


def _words(names: List[str]) -> str:
    """`["egress delay", "ingress delay"]` is "delay egress + ingress"."""
    kinds = {name.split()[1] for name in names}
    return " ".join(sorted(kinds)) + " " + " + ".join(name.split()[0] for name in names)
