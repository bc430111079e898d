# SPDX-License-Identifier: Apache-2.0
"""How a policy travels: our rules lie beside the others, where only this package looks.

A peer needs the class of each rule in `rules`: one that it does not know costs it the policy.
Of an object's data it reads the fields that it knows and no others (oslo.versionedobjects 2.3 to
3.12, _obj_from_primitive). The version of the policy stays Neutron's own.

Of what another version of this package sends beside the others, a peer takes what it knows: a class
that it does not know costs it that rule, a field that it does not know costs it that field.
"""

from __future__ import annotations

import copy
import functools
from typing import Any, Dict, Iterator, List, Optional

from neutron.objects.qos import policy as qos_policy
from oslo_log import log as logging

from networking_netem.rules import objects

LOG = logging.getLogger(__name__)

OUR_RULES = "netem_rules"

_DATA = "versioned_object.data"
_NAME = "versioned_object.name"
_VERSION = "versioned_object.version"
_CLASSES = {cls.obj_name(): cls for cls in objects.BY_TYPE.values()}


def obj_to_primitive(
    self: Any,
    target_version: Optional[str] = None,
    version_manifest: Optional[Dict[str, str]] = None,
) -> Dict[str, Any]:
    """Return the policy as it travels; a `QosPolicy` method.

    Our rules do not depend on `target_version`: Neutron's filter for older peers knows them not.
    """
    primitive = super(qos_policy.QosPolicy, self).obj_to_primitive(target_version, version_manifest)
    data = primitive[_DATA]
    ours = _ours(self) if "rules" in data else []
    if ours:
        data["rules"] = [rule for rule in data["rules"] if rule[_NAME] not in _CLASSES]
        data[OUR_RULES] = ours
    return primitive


def _ours(policy: Any) -> List[Dict[str, Any]]:
    return [rule.obj_to_primitive() for rule in policy.rules if rule.obj_name() in _CLASSES]


def obj_from_primitive(cls: Any, context: Any, objver: str, primitive: Dict[str, Any]) -> Any:
    """Return the policy that arrived, all rules that are known here in `rules`; a class method."""
    data = dict(primitive[_DATA])
    ours = list(_known(data.pop(OUR_RULES, [])))
    if ours:
        data["rules"] = data["rules"] + ours
    return super(qos_policy.QosPolicy, cls)._obj_from_primitive(
        context, objver, {**primitive, _DATA: data}
    )


def _known(rules: List[Dict[str, Any]]) -> Iterator[Dict[str, Any]]:
    """Yield the rules that can be read here, each in the version that is known here.

    A minor version of a class only adds fields, so that a newer one is read as the one known.
    """
    for rule in rules:
        name, version = str(rule.get(_NAME)), str(rule.get(_VERSION))
        cls = _CLASSES.get(name)
        if cls is None or version.split(".")[0] != cls.VERSION.split(".")[0]:
            _pass_over(f"{name} {version}", "is of another version of networking-netem")
            continue
        known = {**rule, _VERSION: cls.VERSION}
        try:
            # It changes what it is given.
            cls.clean_obj_from_primitive(copy.deepcopy(known))
        except Exception as error:
            _pass_over(f"{name} {version}", f"cannot be read: {error}")
        else:
            yield known


@functools.lru_cache(maxsize=256)
def _pass_over(rule: str, why: str) -> None:
    """Say in the log that such rules are not imposed; once for each reason."""
    LOG.warning("Rules %s of QoS policies are passed over on this host: such a rule %s", rule, why)
