# SPDX-License-Identifier: Apache-2.0
"""The rules as versioned objects: what the API serves and what agents receive."""

from __future__ import annotations

import time
from typing import Any, ClassVar, Dict, List, Tuple, Type, Union

from neutron.objects import base
from neutron.objects.qos import rule
from neutron_lib.objects import common_types
from oslo_versionedobjects import fields

from networking_netem.domain import attribute as attributes
from networking_netem.domain import rule_types, steps
from networking_netem.domain.attribute import plain
from networking_netem.domain.timeline import Moment
from networking_netem.domain.timeline_rule import STEPS, timeline
from networking_netem.domain.units import NS_PER_MS
from networking_netem.rules import models


class Number(fields.FieldType):
    """A finite number; whole ones are ints."""

    @staticmethod
    def coerce(obj: object, attr: str, value: Any) -> Union[int, float]:
        return plain(value)


class NumberField(fields.AutoTypedField):
    """A field that holds a number of milliseconds or percent."""

    AUTO_TYPE = Number()


class Steps(fields.FieldType):
    """The steps of a timeline: a list, which travels and is stored as its JSON text."""

    @staticmethod
    def coerce(obj: object, attr: str, value: Any) -> Any:
        return STEPS.parse(value)

    @staticmethod
    def to_primitive(obj: object, attr: str, value: Any) -> str:
        return steps.text(value)

    @staticmethod
    def from_primitive(obj: object, attr: str, value: Any) -> Any:
        return STEPS.parse(value)


class StepsField(fields.AutoTypedField):
    """A field that holds the steps of a timeline."""

    AUTO_TYPE = Steps()


def _fields(rule_type: rule_types.RuleType) -> Dict[str, fields.Field]:
    """Return a field for each attribute of the declaration."""
    made: Dict[str, fields.Field] = {}
    for attribute in rule_type.attributes:
        options: Dict[str, Any] = {}
        if attribute.default is not None:
            options["default"] = attribute.default
        if attribute.is_optional:
            options["nullable"] = True
        made[attribute.name] = _field(attribute, options)
    return made


def _field(attribute: attributes.Attribute, options: Dict[str, Any]) -> fields.Field:
    if attribute is rule_types.DIRECTION:
        return common_types.FlowDirectionEnumField(**options)
    if isinstance(attribute, attributes.Choice):
        return fields.EnumField(valid_values=attribute.choices, **options)
    if isinstance(attribute, attributes.Whole):
        return fields.IntegerField(**options)
    if isinstance(attribute, attributes.Text):
        return fields.StringField(**options)
    if isinstance(attribute, steps.StepList):
        return StepsField(**options)
    return NumberField(**options)


class _Rule(rule.QosRule):
    """The base of our rules; a policy has one of a type and direction, and several selectors."""

    # Neutron's own version differs between releases. Ours must not: rules travel between them.
    VERSION = "1.0"

    duplicates_compare_fields: Tuple[str, ...] = (rule_types.DIRECTION.name,)

    @classmethod
    def modify_fields_from_db(cls, db_obj: Any) -> Dict[str, Any]:
        """The values of a row, null where it is null: Neutron leaves those out (17-29)."""
        known: Dict[str, Any] = super().modify_fields_from_db(db_obj)
        nulls = {name: None for name, field in cls.fields.items() if field.nullable}
        return {**nulls, **known}


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


@base.NeutronObjectRegistry.register
class QosSelectorRule(_Rule):
    """Which packets of one direction are impaired; a policy has several."""

    db_model = models.QosSelectorRule
    rule_type = rule_types.SELECTOR.name
    fields = _fields(rule_types.SELECTOR)

    duplicates_compare_fields = rule_types.SELECTOR.key


@base.NeutronObjectRegistry.register
class QosTimelineRule(_Rule):
    """What one direction of a link, or both, does when; with where it is by this host's clock."""

    db_model = models.QosTimelineRule
    rule_type = rule_types.TIMELINE.name
    fields = _fields(rule_types.TIMELINE)

    obj_extra_fields: ClassVar[List[str]] = [each.name for each in rule_types.TIMELINE.shown]

    @classmethod
    def modify_fields_to_db(cls, fields: Dict[str, Any]) -> Dict[str, Any]:
        """The values of a row: the steps are JSON there."""
        row: Dict[str, Any] = super().modify_fields_to_db(fields)
        if not isinstance(row.get(STEPS.name, ""), str):
            row[STEPS.name] = steps.text(row[STEPS.name])
        return row

    def to_dict(self) -> Dict[str, Any]:
        """The values as the API shows them."""
        # Neutron's has each value as it travels (17-29).
        return {**super().to_dict(), STEPS.name: self.steps}

    @property
    def state(self) -> str:
        """Where the timeline is, in a word."""
        return self._moment.state

    @property
    def round(self) -> int:
        """The round that it is in."""
        return self._moment.round

    @property
    def step(self) -> int:
        """The step that it is in."""
        return self._moment.step

    @property
    def _moment(self) -> Moment:
        values = {each.name: getattr(self, each.name) for each in rule_types.TIMELINE.attributes}
        return timeline(values).moment(time.time_ns() // NS_PER_MS)


BY_TYPE: Dict[str, Type[_Rule]] = {
    cls.rule_type: cls
    for cls in (
        *(QosDelayRule, QosLossRule, QosDuplicateRule, QosCorruptRule, QosReorderRule),
        *(QosSelectorRule, QosTimelineRule),
    )
}
"""The class of each rule type, by its name."""
