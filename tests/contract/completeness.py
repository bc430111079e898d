# SPDX-License-Identifier: Apache-2.0
"""What a rule type needs beside its declaration: one check for each file, which names the file.

`doc/adding-a-rule-type.md` lists the same files in the same order.
"""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path
from typing import Callable, Dict, Optional, Set

import tomllib

from netem_lab.probe.flow import Sample
from netem_lab.verdict.judged import JUDGED_FIELDS
from netem_lab.verdict.judging import NO_CLEAN, rows_of
from netem_lab.verdict.path import across
from netem_lab.verdict.sampling import Pair, delay_flows
from networking_netem.client import sdk
from networking_netem.client.osc import rule as commands
from networking_netem.domain import impairment
from networking_netem.domain.impairment import MAXIMA, Impairment
from networking_netem.domain.link import Link
from networking_netem.domain.rule_types import RuleType
from networking_netem.domain.tree import tree
from networking_netem.rules import models, objects

REPO = Path(__file__).parents[2]
VERSIONS = REPO / "networking_netem/server/migration/alembic_migrations/versions"
VERBS = ("create", "set", "show", "list", "delete")

Check = Callable[[RuleType], Optional[str]]
"""Returns what the file lacks, as the end of a sentence about it; None if it lacks nothing."""


def camel(rule_type: RuleType) -> str:
    """Return the name of a type as it is in the names of classes."""
    return "".join(part.capitalize() for part in rule_type.name.split("_"))


def missing(rule_type: RuleType) -> Dict[str, str]:
    """Return a sentence, by path, for each file that lacks something for this rule type."""
    found = {path: check(rule_type) for path, check in CHECKS.items()}
    return {path: f"{path} {what}" for path, what in found.items() if what}


def _impairment(rule_type: RuleType) -> Optional[str]:
    for number in rule_type.numbers:
        if number.field not in MAXIMA or not hasattr(impairment.NONE, number.field):
            return f"has no field {number.field}, which {number.name} sets, with its maximum"
    if not rule_type.numbers:
        return None
    first = Impairment(**{rule_type.numbers[0].field: 1})
    if first.is_none or str(first) == str(impairment.NONE):
        return f"takes {rule_type.numbers[0].field} for a clean link in is_none or __str__"
    return None


def _plan(rule_type: RuleType) -> Optional[str]:
    # Some fields have an effect only beside a delay, a loss and a rate.
    base = Impairment(delay_us=100_000, loss_ppm=10_000, rate_kbps=10_000)
    for number in rule_type.numbers:
        known = number.field in MAXIMA
        other = {number.field: 2 * getattr(base, number.field) or 20_000} if known else {}
        if tree(replace(base, **other)) == tree(base):
            return f"makes no qdisc that depends on {number.field}, which {number.name} sets"
    return None


def _models(rule_type: RuleType) -> Optional[str]:
    name = f"Qos{camel(rule_type)}Rule"
    return None if hasattr(models, name) else f"has no table {name} for {rule_type.name} rules"


def _objects(rule_type: RuleType) -> Optional[str]:
    name = f"Qos{camel(rule_type)}Rule"
    cls = objects.BY_TYPE.get(rule_type.name)
    # get_rules of neutron.objects.qos.rule looks classes up by this name (17-29).
    return None if cls and cls.__name__ == name else f"has no {name} in BY_TYPE"


def _migration(rule_type: RuleType) -> Optional[str]:
    table = f"qos_{rule_type.name}"
    if table in _strings(*VERSIONS.rglob("expand/*.py")):
        return None
    return f"has no migration below <release>/expand that creates the table {table}"


def _resource(rule_type: RuleType) -> Optional[str]:
    cls = sdk.RESOURCES.get(rule_type.name)
    if cls is None:
        return f"has no QoS{camel(rule_type)}Rule in RESOURCES"
    for attribute in rule_type.attributes:
        if not hasattr(cls, attribute.name) or attribute.name not in cls._query_mapping._mapping:
            return f"has no {attribute.name} in the body or the query of {cls.__name__}"
    return None


def _heat(rule_type: RuleType) -> Optional[str]:
    # The file is read as text, because Heat is not installed here.
    name = f"OS::Neutron::QoS{camel(rule_type)}Rule"
    found = name in _strings(REPO / "networking_netem/client/heat/netem_rules.py")
    return None if found else f"has no {name} in resource_mapping()"


def _entry_points(rule_type: RuleType) -> Optional[str]:
    project = tomllib.loads((REPO / "pyproject.toml").read_text())["project"]
    declared = project["entry-points"]["openstack.network.v2"]
    for verb, name in _command_classes(rule_type).items():
        command = f"network_qos_{rule_type.name}_rule_{verb}"
        if declared.get(command) != f"{commands.__name__}:{name}":
            return f"has no entry point {command} = {commands.__name__}:{name}"
    return None


# What the probe finds of a link with nothing but a delay of 100 ms and a loss of 1 %.
_SAMPLE = Sample(
    sent=2000, received=1980, stalled=0, mean_ms=100.0, sd_ms=0.0, middle90_ms=0.0,
    offered_kbps=1e3, wire_kbps=1e3, duplicates=0, reordered=0, ordered=2000,
    all_sent=2000, all_received=2000,
)  # fmt: skip


def _rows(rule_type: RuleType) -> Optional[str]:
    flow = delay_flows(Pair("vm1", "vm2"), Link.CLEAN)[0]
    base = Impairment(delay_us=100_000, loss_ppm=10_000)
    for number in rule_type.numbers:
        known = number.field in MAXIMA
        other = {number.field: 2 * getattr(base, number.field) or 50_000} if known else {}
        verdicts = [
            [row.verdict for row in rows_of(Link(egress=asked), NO_CLEAN, flow, _SAMPLE)]
            for asked in (base, replace(base, **other))
        ]
        if verdicts[0] == verdicts[1]:
            return f"judges no row otherwise where {number.name} is asked"
    return None


def _path(rule_type: RuleType) -> Optional[str]:
    for number in rule_type.numbers:
        alone = {number.field: 50_000} if number.field in MAXIMA else {}
        asked = Link(egress=Impairment(**alone))
        if not alone or across(asked, Link.CLEAN) != asked:
            return f"does not take {number.field}, which {number.name} sets, from the first link"
    return None


def _verdict(rule_type: RuleType) -> Optional[str]:
    for number in rule_type.numbers:
        if number.field not in JUDGED_FIELDS:
            return f"has no {number.field}, which {number.name} sets, in JUDGED_FIELDS"
    return None


def _page(path: str, form: str) -> Check:
    def check(rule_type: RuleType) -> Optional[str]:
        text = form.format(name=rule_type.name, camel=camel(rule_type))
        return None if text in (REPO / path).read_text() else f"does not show {text}"

    return check


def _release_note(rule_type: RuleType) -> Optional[str]:
    notes = (REPO / "releasenotes/notes").glob("*.yaml")
    if any(rule_type.collection in note.read_text() for note in notes):
        return None
    return f"has no note that names {rule_type.collection}"


def _command_classes(rule_type: RuleType) -> Dict[str, str]:
    plural = {"list": "Rules"}
    return {
        verb: f"{verb.capitalize()}{camel(rule_type)}{plural.get(verb, 'Rule')}" for verb in VERBS
    }


def _strings(*files: Path) -> Set[str]:
    nodes = (node for file in files for node in ast.walk(ast.parse(file.read_text())))
    return {node.value for node in nodes if isinstance(node, ast.Constant)}


CHECKS: Dict[str, Check] = {
    "networking_netem/domain/impairment.py": _impairment,
    "networking_netem/domain/plan.py": _plan,
    "networking_netem/rules/models.py": _models,
    "networking_netem/rules/objects.py": _objects,
    str(VERSIONS.relative_to(REPO)): _migration,
    "networking_netem/client/sdk.py": _resource,
    "networking_netem/client/heat/netem_rules.py": _heat,
    "pyproject.toml": _entry_points,
    "netem_lab/verdict/judging.py": _rows,
    "netem_lab/verdict/path.py": _path,
    "netem_lab/verdict/judged.py": _verdict,
    "doc/clients/openstack.md": _page("doc/clients/openstack.md", "network qos {name} rule create"),
    "doc/clients/sdk.md": _page("doc/clients/sdk.md", "QoS{camel}Rule"),
    "doc/clients/heat.md": _page("doc/clients/heat.md", "OS::Neutron::QoS{camel}Rule"),
    "doc/clients/python.md": _page("doc/clients/python.md", "{name}_rule"),
    "doc/install.md": _page("doc/install.md", "qos_{name}"),
    "releasenotes/notes": _release_note,
}
