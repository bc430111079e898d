# SPDX-License-Identifier: Apache-2.0
"""The base classes of the `neutron` program's commands on delay and loss rules."""

from __future__ import annotations

import argparse
from typing import Any, Dict

from neutronclient.common.extension import NeutronClientExtension
from neutronclient.neutron import v2_0 as neutron_v2
from neutronclient.neutron.v2_0.qos.rule import QosRuleMixin

from networking_netem.client import arguments
from networking_netem.domain.rule_types import DELAY, LOSS, RuleType


class Rule(QosRuleMixin, NeutronClientExtension):
    """A command on the rules of one type; the policy is given by name or id."""

    rule_type: RuleType
    allow_names = False


class Written(Rule):
    """A command that takes the attributes of a rule."""

    required: bool

    def add_known_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_known_arguments(parser)
        arguments.add(parser, self.rule_type, required=self.required)

    def args2body(self, parsed_args: argparse.Namespace) -> Dict[str, Any]:
        body = arguments.given(parsed_args, self.rule_type)
        # neutronclient gives every create command the option `--tenant-id`.
        neutron_v2.update_dict(parsed_args, body, ["tenant_id"])
        return {self.resource: body}


class Create(Written, neutron_v2.CreateCommand):
    """Create a rule."""

    required = True


class Update(Written, neutron_v2.UpdateCommand):
    """Change the attributes that are on the command line."""

    required = False


class List(Rule, neutron_v2.ListCommand):
    """List the rules, in pages and sorted as the server can."""

    pagination_support = True
    sorting_support = True


class Show(Rule, neutron_v2.ShowCommand):
    """Show a rule."""


class Delete(Rule, neutron_v2.DeleteCommand):
    """Delete rules."""


class Delay:
    """The rules are delay rules."""

    rule_type = DELAY
    resource = DELAY.member
    resource_plural = DELAY.collection
    object_path = f"/qos/policies/%s/{DELAY.collection}"
    resource_path = f"/qos/policies/%s/{DELAY.collection}/%s"


class Loss:
    """The rules are loss rules."""

    rule_type = LOSS
    resource = LOSS.member
    resource_plural = LOSS.collection
    object_path = f"/qos/policies/%s/{LOSS.collection}"
    resource_path = f"/qos/policies/%s/{LOSS.collection}/%s"
