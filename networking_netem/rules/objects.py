# SPDX-License-Identifier: Apache-2.0
"""The two rules as versioned objects: what the API serves and what agents receive."""

from __future__ import annotations

from typing import Any, Union

from neutron.objects import base
from neutron.objects.qos import rule
from neutron_lib import constants
from neutron_lib.objects import common_types
from oslo_versionedobjects import fields

from networking_netem.domain import rules
from networking_netem.rules import models


class Number(fields.FieldType):
    """A finite number, an int where it is whole."""

    @staticmethod
    def coerce(obj: object, attr: str, value: Any) -> Union[int, float]:
        return rules.plain(value)


class NumberField(fields.AutoTypedField):
    """A field that holds a number of milliseconds or percent."""

    AUTO_TYPE = Number()


@base.NeutronObjectRegistry.register
class QosDelayRule(rule.QosRule):
    """Delay and jitter in one direction, milliseconds."""

    # Not Neutron's, which differs between releases: ours travel between all of them.
    VERSION = "1.0"

    db_model = models.QosDelayRule

    fields = {  # noqa: RUF012
        "delay_ms": NumberField(),
        "delay_correlation_ms": NumberField(default=0),
        "direction": common_types.FlowDirectionEnumField(default=constants.EGRESS_DIRECTION),
    }

    duplicates_compare_fields = ("direction",)

    rule_type = rules.DELAY.name


@base.NeutronObjectRegistry.register
class QosLossRule(rule.QosRule):
    """Loss in one direction, percent."""

    VERSION = "1.0"

    db_model = models.QosLossRule

    fields = {  # noqa: RUF012
        "loss_pct": NumberField(),
        "direction": common_types.FlowDirectionEnumField(default=constants.EGRESS_DIRECTION),
    }

    duplicates_compare_fields = ("direction",)

    rule_type = rules.LOSS.name


CLASSES = (QosDelayRule, QosLossRule)
