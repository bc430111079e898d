# SPDX-License-Identifier: Apache-2.0
"""Where a rule is found: ours at the path of their own type and below their own policy only.

Stock Neutron finds a rule of a policy by its id, whatever its type (`get_rule_by_id`: to change or
delete it in 17 to 29, to show it in 29), and shows a rule below any policy (17 to 26).
"""

from __future__ import annotations

from functools import partialmethod
from typing import Any, Dict, Iterator, Tuple

from neutron.objects.qos import policy as qos_policy
from neutron_lib.db import utils as db_utils
from neutron_lib.exceptions import qos as qos_exceptions

from networking_netem.rules import objects

# Before it is replaced: this module is imported once.
_stock_get_rule_by_id = qos_policy.QosPolicy.get_rule_by_id


class Address(str):
    """The id of a rule, as asked for at the path of one of our types; `of` makes it."""

    rule_type: str

    @classmethod
    def of(cls, rule_type: str, rule_id: str) -> Address:
        """Return `rule_id` with the type of the path that it stands in."""
        made = cls(rule_id)
        made.rule_type = rule_type
        return made


def get_rule_by_id(self: Any, rule_id: str) -> Any:
    """Return the rule of this policy; a `QosPolicy` method.

    A plain id finds the rules of Neutron's types and an `Address` those of its type.
    Raises `QosRuleNotFound` for all else.
    """
    rule = _stock_get_rule_by_id(self, rule_id)
    ours = rule.rule_type if rule.rule_type in objects.BY_TYPE else None
    if ours != getattr(rule_id, "rule_type", None):
        raise qos_exceptions.QosRuleNotFound(policy_id=self.id, rule_id=rule_id)
    return rule


def methods() -> Iterator[Tuple[str, Any]]:
    """Yield, by name, the methods of the QoS plugin that the API calls for one rule of ours."""
    for name in objects.BY_TYPE:
        yield f"get_policy_{name}_rule", partialmethod(_get, name)
        yield f"update_policy_{name}_rule", partialmethod(_update, name)
        yield f"delete_policy_{name}_rule", partialmethod(_delete, name)


def _get(
    self: Any, name: str, context: Any, rule_id: str, policy_id: str, fields: Any = None
) -> Dict[str, Any]:
    address = Address.of(name, rule_id)
    rule = self.get_policy_rule(context, objects.BY_TYPE[name], address, policy_id)
    if rule["qos_policy_id"] != policy_id:
        raise qos_exceptions.QosRuleNotFound(policy_id=policy_id, rule_id=rule_id)
    return db_utils.resource_fields(rule, fields)


def _update(
    self: Any, name: str, context: Any, rule_id: str, policy_id: str, **body: Any
) -> Dict[str, Any]:
    address = Address.of(name, rule_id)
    rule_data = body[f"{name}_rule"]
    return self.update_policy_rule(context, objects.BY_TYPE[name], address, policy_id, rule_data)


def _delete(self: Any, name: str, context: Any, rule_id: str, policy_id: str) -> None:
    address = Address.of(name, rule_id)
    self.delete_policy_rule(context, objects.BY_TYPE[name], address, policy_id)
