# SPDX-License-Identifier: Apache-2.0
"""How a policy travels: our rules beside the others, where a peer without this package looks past.

A peer needs the class of each rule in `rules`: one that it does not know costs it the policy.
Of an object's data it reads the fields that it knows and no others (oslo.versionedobjects 2.3 to
3.9, _obj_from_primitive). The version of the policy stays Neutron's own.
"""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from neutron.objects.qos import policy as qos_policy

from networking_netem.rules import objects

OUR_RULES = "netem_rules"

_DATA = "versioned_object.data"
_NAME = "versioned_object.name"
_OUR_NAMES = tuple(cls.obj_name() for cls in objects.CLASSES)


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
        data["rules"] = [rule for rule in data["rules"] if rule[_NAME] not in _OUR_NAMES]
        data[OUR_RULES] = ours
    return primitive


def _ours(policy: Any) -> List[Dict[str, Any]]:
    return [rule.obj_to_primitive() for rule in policy.rules if rule.obj_name() in _OUR_NAMES]


def obj_from_primitive(cls: Any, context: Any, objver: str, primitive: Dict[str, Any]) -> Any:
    """Return the policy that arrived, all rules in `rules`; a `QosPolicy` class method."""
    data = dict(primitive[_DATA])
    ours = data.pop(OUR_RULES, [])
    if ours:
        data["rules"] = data["rules"] + ours
    return super(qos_policy.QosPolicy, cls)._obj_from_primitive(
        context, objver, {**primitive, _DATA: data}
    )
