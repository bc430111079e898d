# SPDX-License-Identifier: Apache-2.0
"""The rules as Heat resources: `OS::Neutron::QoS<Type>Rule`."""

from __future__ import annotations

from typing import Any, Dict, List

from heat.common import exception
from heat.engine import constraints, properties, support
from heat.engine.resources.openstack.neutron.qos import QoSRule

from networking_netem.domain.attribute import Attribute, Choice, InvalidValue, Number, Whole
from networking_netem.domain.rule_types import (
    CORRUPT,
    DELAY,
    DUPLICATE,
    LOSS,
    REORDER,
    SELECTOR,
    TIMELINE,
    RuleType,
)
from networking_netem.domain.steps import StepList


def _schema(attribute: Attribute) -> properties.Schema:
    kind, limits, text = properties.Schema.STRING, [], attribute.help
    if isinstance(attribute, Choice):
        limits = [constraints.AllowedValues(list(attribute.choices))]
    else:
        text = f"{attribute.help} Takes {attribute.expected}."
    if isinstance(attribute, StepList):
        kind = properties.Schema.LIST
    if isinstance(attribute, (Number, Whole)):
        is_whole = isinstance(attribute, Whole)
        kind = properties.Schema.INTEGER if is_whole else properties.Schema.NUMBER
        limits = [constraints.Range(min=attribute.minimum, max=attribute.maximum)]
    return properties.Schema(
        kind,
        text,
        required=attribute.is_required,
        default=attribute.default,
        update_allowed=True,
        constraints=limits,
    )


def _schemas(rule_type: RuleType) -> Dict[str, properties.Schema]:
    attributes = (*rule_type.attributes, *rule_type.asked)
    ours = {attribute.name: _schema(attribute) for attribute in attributes}
    return {**ours, **QoSRule.properties_schema}


class _Rule(QoSRule):
    """A rule that lives as long as its stack; a change of the template keeps the rule's id."""

    rule_type: RuleType
    required_service_extension = "qos-netem"
    support_status = support.SupportStatus(status=support.SUPPORTED)

    def validate(self) -> None:
        super().validate()
        try:
            self.rule_type.check(self._values(self.properties))
        except InvalidValue as error:
            raise exception.StackValidationFailed(message=str(error)) from None

    def handle_create(self) -> None:
        body = {self.entity: self._values(self.properties)}
        if self.properties[self.TENANT_ID]:
            body[self.entity][self.TENANT_ID] = self.properties[self.TENANT_ID]
        create = getattr(self.client(), f"create_{self.entity}")
        self.resource_id_set(create(self.policy_id, body)[self.entity]["id"])

    def handle_update(self, json_snippet: Any, tmpl_diff: Any, prop_diff: Dict[str, Any]) -> None:
        if prop_diff:
            update = getattr(self.client(), f"update_{self.entity}")
            update(
                self.resource_id,
                self.policy_id,
                {self.entity: self._values(prop_diff, is_change=True)},
            )

    def handle_delete(self) -> None:
        if self.resource_id is None:
            return
        with self.client_plugin().ignore_not_found:
            getattr(self.client(), f"delete_{self.entity}")(self.resource_id, self.policy_id)

    def _res_get_args(self) -> List[str]:
        return [self.resource_id, self.policy_id]

    def _values(self, given: Any, is_change: bool = False) -> Dict[str, Any]:
        """Return the parsed values of our attributes; Heat checks ranges, but not decimals.

        What a change takes out of the template becomes null, where the attribute may be.
        """
        attributes = (*self.rule_type.attributes, *self.rule_type.asked)
        names = (each for each in attributes if each.name in given)
        values = {each: given[each.name] for each in names}
        try:
            return {
                each.name: each.parse(value)
                for each, value in values.items()
                if value is not None or (each.is_optional and is_change)
            }
        except InvalidValue as error:
            raise exception.StackValidationFailed(message=str(error)) from None


class QoSDelayRule(_Rule):
    """Delay, with jitter, in one direction of a QoS policy."""

    rule_type = DELAY
    entity = DELAY.member
    properties_schema = _schemas(DELAY)


class QoSLossRule(_Rule):
    """Packet loss in one direction of a QoS policy."""

    rule_type = LOSS
    entity = LOSS.member
    properties_schema = _schemas(LOSS)


class QoSDuplicateRule(_Rule):
    """Duplication of packets in one direction of a QoS policy."""

    rule_type = DUPLICATE
    entity = DUPLICATE.member
    properties_schema = _schemas(DUPLICATE)


class QoSCorruptRule(_Rule):
    """Corruption of packets in one direction of a QoS policy."""

    rule_type = CORRUPT
    entity = CORRUPT.member
    properties_schema = _schemas(CORRUPT)


class QoSReorderRule(_Rule):
    """Reordering of packets in one direction of a QoS policy."""

    rule_type = REORDER
    entity = REORDER.member
    properties_schema = _schemas(REORDER)


class QoSSelectorRule(_Rule):
    """Which packets of one direction of a QoS policy are impaired."""

    rule_type = SELECTOR
    entity = SELECTOR.member
    properties_schema = _schemas(SELECTOR)


class QoSTimelineRule(_Rule):
    """What one direction of a QoS policy, or both, does when."""

    rule_type = TIMELINE
    entity = TIMELINE.member
    properties_schema = _schemas(TIMELINE)


def resource_mapping() -> Dict[str, type]:
    """Return the resource types of this module, as Heat asks for them."""
    return {
        "OS::Neutron::QoSDelayRule": QoSDelayRule,
        "OS::Neutron::QoSSelectorRule": QoSSelectorRule,
        "OS::Neutron::QoSLossRule": QoSLossRule,
        "OS::Neutron::QoSDuplicateRule": QoSDuplicateRule,
        "OS::Neutron::QoSCorruptRule": QoSCorruptRule,
        "OS::Neutron::QoSReorderRule": QoSReorderRule,
        "OS::Neutron::QoSTimelineRule": QoSTimelineRule,
    }
