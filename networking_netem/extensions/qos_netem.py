# SPDX-License-Identifier: Apache-2.0
"""The API extension `qos-netem`: a collection of rules below a QoS policy for each rule type."""

from __future__ import annotations

from typing import Any, Callable, Dict, List

from neutron.api import extensions
from neutron.api.v2 import resource as wsgi_resource
from neutron_lib.api import extensions as api_extensions
from neutron_lib.api import faults
from neutron_lib.api.definitions import qos as qos_apidef
from neutron_lib.plugins import constants, directory

from networking_netem.domain.attribute import Attribute
from networking_netem.domain.rule_types import RULE_TYPES, RuleType
from networking_netem.domain.steps import StepList
from networking_netem.server import body, seam, stored

PARENT = {"collection_name": qos_apidef.POLICIES, "member_name": qos_apidef.POLICY}


class Qos_netem(api_extensions.ExtensionDescriptor):  # noqa: N801 (Neutron wants this name)
    """Adds a sub-resource of QoS policies for each rule type that is declared."""

    @classmethod
    def get_name(cls) -> str:
        return "QoS rules for unstable links"

    @classmethod
    def get_alias(cls) -> str:
        return "qos-netem"

    @classmethod
    def get_description(cls) -> str:
        return "Rules of a QoS policy that add delay, jitter, loss and the like to a link"

    @classmethod
    def get_updated(cls) -> str:
        return "2026-01-01T00:00:00-00:00"

    @classmethod
    def get_required_extensions(cls) -> List[str]:
        return [qos_apidef.ALIAS]

    @classmethod
    def get_extended_resources(cls, version: str) -> Dict[str, Any]:
        return {
            rule_type.collection: {"parent": PARENT, "parameters": attribute_map(rule_type)}
            for rule_type in RULE_TYPES
        }

    @classmethod
    def get_resources(cls) -> List[extensions.ResourceExtension]:
        return [_resource(rule_type) for rule_type in RULE_TYPES]


def attribute_map(rule_type: RuleType) -> Dict[str, Any]:
    """Return the attributes of `rule_type` as Neutron's API layer wants them described."""
    attributes = seam.rule_common_fields()
    for attribute in rule_type.attributes:
        attributes[attribute.name] = {
            "allow_post": True,
            "allow_put": True,
            "is_visible": True,
            "is_filter": not isinstance(attribute, StepList),
            "is_sort_key": not isinstance(attribute, StepList),
            "convert_to": _converter(attribute),
        }
        if not attribute.is_required:
            attributes[attribute.name]["default"] = attribute.default
    for each in rule_type.shown:
        attributes[each.name] = {"allow_post": False, "allow_put": False, "is_visible": True}
    return attributes


def _converter(attribute: Attribute) -> Callable[[Any], Any]:
    """Return the parser of `attribute`; what it raises, Neutron answers with 400."""

    def convert(value: Any) -> Any:
        with stored.bad_request():
            return attribute.parse(value)

    return convert


def _resource(rule_type: RuleType) -> extensions.ResourceExtension:
    attributes = attribute_map(rule_type)
    controller = body.Controller(
        directory.get_plugin(constants.QOS),
        rule_type.collection,
        rule_type.member,
        attributes,
        allow_bulk=True,
        parent=PARENT,
        allow_pagination=True,
        allow_sorting=True,
    )
    return extensions.ResourceExtension(
        rule_type.collection,
        wsgi_resource.Resource(
            controller, faults.FAULT_MAP, deserializers={body.JSON: body.Deserializer()}
        ),
        PARENT,
        path_prefix=qos_apidef.API_PREFIX,
        attr_map=attributes,
    )
