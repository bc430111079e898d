# SPDX-License-Identifier: Apache-2.0
"""The rules as versioned objects: what the API serves and what agents receive."""

from __future__ import annotations

from typing import Any, Dict, Type, Union

from neutron.objects import base
from neutron.objects.qos import rule
from neutron_lib.objects import common_types
from oslo_versionedobjects import fields

from networking_netem.domain import rule_types
from networking_netem.domain.attribute import Choice, plain
from networking_netem.rules import models


class Number(fields.FieldType):
    """A finite number; whole ones are ints."""

    @staticmethod
    def coerce(obj: object, attr: str, value: Any) -> Union[int, float]:
        return plain(value)


class NumberField(fields.AutoTypedField):
    """A field that holds a number of milliseconds or percent."""

    AUTO_TYPE = Number()


def _fields(rule_type: rule_types.RuleType) -> Dict[str, fields.Field]:
    """Return a field for each attribute of the declaration."""
    made: Dict[str, fields.Field] = {}
    for attribute in rule_type.attributes:
        options = {} if attribute.default is None else {"default": attribute.default}
        kind = common_types.FlowDirectionEnumField if isinstance(attribute, Choice) else NumberField
        made[attribute.name] = kind(**options)
    return made


class _Rule(rule.QosRule):
    """The base of our rules; a policy has at most one of a type and direction."""

    # Neutron's own version differs between releases. Ours must not: rules travel between them.
    VERSION = "1.0"

    duplicates_compare_fields = (rule_types.DIRECTION.name,)


@base.NeutronObjectRegistry.register
class QosDelayRule(_Rule):
    """Delay and jitter in one direction, in milliseconds."""

    db_model = models.QosDelayRule
    rule_type = rule_types.DELAY.name
    fields = _fields(rule_types.DELAY)


@base.NeutronObjectRegistry.register
class QosLossRule(_Rule):
    """Loss in one direction, in percent, and its mean run, in packets."""

    # Version 1.1: Added loss_burst_packets
    VERSION = "1.1"

    db_model = models.QosLossRule
    rule_type = rule_types.LOSS.name
    fields = _fields(rule_types.LOSS)


@base.NeutronObjectRegistry.register
class QosDuplicateRule(_Rule):
    """Duplication in one direction, in percent."""

    db_model = models.QosDuplicateRule
    rule_type = rule_types.DUPLICATE.name
    fields = _fields(rule_types.DUPLICATE)


@base.NeutronObjectRegistry.register
class QosCorruptRule(_Rule):
    """Corruption in one direction, in percent."""

    db_model = models.QosCorruptRule
    rule_type = rule_types.CORRUPT.name
    fields = _fields(rule_types.CORRUPT)


@base.NeutronObjectRegistry.register
class QosReorderRule(_Rule):
    """Reordering in one direction, in percent."""

    db_model = models.QosReorderRule
    rule_type = rule_types.REORDER.name
    fields = _fields(rule_types.REORDER)


BY_TYPE: Dict[str, Type[_Rule]] = {
    cls.rule_type: cls
    for cls in (QosDelayRule, QosLossRule, QosDuplicateRule, QosCorruptRule, QosReorderRule)
}
"""The class of each rule type, by its name."""
