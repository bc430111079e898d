# SPDX-License-Identifier: Apache-2.0
"""Starts the probe in the node from the host, and reads its events."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import (
    Any,
    Callable,
    ContextManager,
    Dict,
    Iterable,
    Iterator,
    Optional,
    Protocol,
    Sequence,
    Tuple,
    Union,
)

from netem_lab.errors import LabError
from netem_lab.probe.flow import Flow, Goodput, Key, NetemCount, Sample

Answer = Union[Sample, Goodput]
Answers = Dict[Key, Any]
"""A `Sample` for each key of `Datagrams`, a `Goodput` for each of a `Transfer`."""
Progress = Callable[[str, float], None]
"""Called with what is measured and the share of it that is done, 0.0 to 1.0."""


class Node(Protocol):
    """Where the probe runs."""

    @property
    def spawn(self) -> Callable[[Sequence[str]], Any]:
        """Starts a command and returns an iterable of its lines that has `wait` and `kill`."""

    @property
    def python(self) -> Sequence[str]:
        """The command of an interpreter that finds this package."""

    @property
    def urgent(self) -> Callable[[], ContextManager[None]]:
        """Makes a context in which the node runs before the host's other processes."""


class Prober:
    """Runs flows between the VMs of a node."""

    def __init__(self, node: Node, progress: Progress) -> None:
        self._node = node
        self._progress = progress

    def run(
        self,
        stages: Sequence[Sequence[Flow]],
        meanwhile: Optional[Callable[[], None]] = None,
    ) -> Answers:
        """Run the stages in turn, the flows of a stage at the same time, and return the answers.

        `meanwhile` is called once, while packets are sent. Flows that await an edit are measured
        from when it has returned.
        """
        with self._node.urgent():
            return self._run(stages, meanwhile)

    def _run(
        self, stages: Sequence[Sequence[Flow]], meanwhile: Optional[Callable[[], None]]
    ) -> Answers:
        specs = json.dumps([[asdict(flow) for flow in stage] for stage in stages if stage])
        probe = self._node.spawn([*self._node.python, "-m", "netem_lab.probe.main", specs])
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
    ) -> Iterator[Tuple[Key, Answer]]:
        pid = 0
        for line in probe:
            event = json.loads(line)
            if "pid" in event:
                pid = event["pid"]
            elif "progress" in event:
                self._progress(_words(Key(*key) for key in event["flows"]), event["progress"])
                if meanwhile:
                    meanwhile()
                    meanwhile = None
                    if awaited:
                        self._node.spawn(["sh", "-c", f"kill -USR1 {pid}"]).wait()
            else:
                yield Key(*event["flow"]), _answer(event)


def _answer(event: Dict[str, Any]) -> Answer:
    """The sample or goodput in an event of the probe."""
    if "goodput" in event:
        return Goodput(**event["goodput"])
    sample = event["sample"]
    netem = sample.pop("netem")
    return Sample(**sample, netem=netem and NetemCount(**netem))


def _words(keys: Iterable[Key]) -> str:
    """The flows as a phrase for the user: "delay egress + ingress"."""
    directions, kinds = zip(*keys)
    return " ".join(sorted(set(kinds))) + " " + " + ".join(directions)
