# SPDX-License-Identifier: Apache-2.0
"""Everything written out by hand agrees with the one declaration of the rule types."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from neutron.services.qos.drivers.openvswitch import driver as ovs_driver

from networking_netem.domain.attribute import Choice, Number, Text
from networking_netem.domain.rule_types import RULE_TYPES, RuleType
from networking_netem.domain.steps import StepList
from networking_netem.extensions import qos_netem
from networking_netem.rules import objects
from networking_netem.server import policies, seam

each_type = pytest.mark.parametrize(
    ("rule_type", "cls"),
    [(rule_type, objects.BY_TYPE.get(rule_type.name)) for rule_type in RULE_TYPES],
    ids=[rule_type.name for rule_type in RULE_TYPES],
)


@each_type
def test_object(rule_type: RuleType, cls: type) -> None:
    assert cls.rule_type == rule_type.name
    assert cls.__name__ == f"Qos{rule_type.name.capitalize()}Rule"
    assert set(cls.fields) - {"id", "qos_policy_id"} == {each.name for each in rule_type.attributes}
    for attribute in rule_type.attributes:
        field = cls.fields[attribute.name]
        assert field.nullable == attribute.is_optional
        assert isinstance(field, objects.NumberField) == isinstance(attribute, Number)
        if attribute.default is not None:
            assert field.default == attribute.default


@each_type
def test_columns(rule_type: RuleType, cls: type) -> None:
    columns = cls.db_model.__table__.columns
    assert set(columns.keys()) == set(cls.fields)
    for attribute in rule_type.attributes:
        column = columns[attribute.name]
        assert column.nullable == attribute.is_optional
        if attribute.default is not None:
            assert attribute.parse(column.server_default.arg) == attribute.default
        if isinstance(attribute, Number):
            assert column.type.scale == attribute.decimals
            assert 10 ** (column.type.precision - column.type.scale) > attribute.maximum
        elif isinstance(attribute, Choice):
            assert set(column.type.enums) == set(attribute.choices)
        elif isinstance(attribute, Text):
            assert column.type.length == attribute.longest
        elif isinstance(attribute, StepList):
            assert type(column.type) is sa.Text
        else:
            assert isinstance(column.type, sa.Integer)


@each_type
def test_attributes_of_the_api(rule_type: RuleType, cls: type) -> None:
    served = qos_netem.attribute_map(rule_type)
    assert set(served) >= {"id"} | {each.name for each in rule_type.attributes}
    for attribute in rule_type.attributes:
        assert ("default" in served[attribute.name]) != attribute.is_required


@each_type
def test_what_the_driver_supports(rule_type: RuleType, cls: type) -> None:
    seam.apply()
    supported = ovs_driver.OVSDriver.create().supported_rules[rule_type.name]
    assert set(supported) == {
        each.name
        for each in rule_type.attributes
        if not (each.is_optional or isinstance(each, StepList))
    }


@each_type
def test_policies(rule_type: RuleType, cls: type) -> None:
    stock = {rule.name: rule for rule in policies.qos.list_rules()}
    ours = {rule.name: rule for rule in policies.list_rules()}
    for verb in ("get", "create", "update", "delete"):
        rule = ours[f"{verb}_policy_{rule_type.name}_rule"]
        like = stock[f"{verb}_policy_bandwidth_limit_rule"]
        assert rule.check_str == f"rule:{like.name}"
        assert rule.scope_types == like.scope_types
        assert [each["method"] for each in rule.operations] == [
            each["method"] for each in like.operations
        ]
        assert all(f"/{rule_type.collection}" in each["path"] for each in rule.operations)
