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
    List,
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

    @property
    def address(self) -> str:
        """Where another node reaches it."""


class Prober:
    """Runs flows between the VMs of a node, or between one there and one in another node.

    `node` has the devices whose netem counts are taken.
    """

    def __init__(self, node: Node, progress: Progress, other: Optional[Node] = None) -> None:
        self._node = node
        self._other = other
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
        probes: List[Any] = []
        try:
            where: List[str] = []
            if self._other:
                probes.append(_start(self._other, specs, self._other.address))
                where = [self._other.address, str(_port(probes[0]))]
            probe = _start(self._node, specs, *where)
            probes.append(probe)
            awaited = any(getattr(flow, "awaits_edit", False) for stage in stages for flow in stage)
            answers = dict(self._answers(probe, meanwhile, awaited))
            # The end of one ends the other.
            failed = [each for each in probes if each.wait()]
        except BaseException:
            for each in probes:
                each.kill()
            raise
        if failed:
            raise LabError("the probe failed in the node", "".join(p.stderr for p in failed))
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


def _start(node: Node, specs: str, *where: str) -> Any:
    return node.spawn([*node.python, "-m", "netem_lab.probe.main", specs, *where])


def _port(probe: Any) -> int:
    """Where a probe listens, which is its first event."""
    for line in probe:
        return int(json.loads(line)["port"])
    raise LabError("the probe failed in the node", probe.stderr)


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
