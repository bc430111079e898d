# SPDX-License-Identifier: Apache-2.0
"""The extension that python-neutronclient loads: methods of its `Client`, and ten commands.

The commands are for delay and loss only. A new rule type gets none, because neutronclient 10 and
later have no program `neutron`.
"""

from __future__ import annotations

from networking_netem.client import bindings, neutron_rule

# neutronclient loads this module before any command runs, and before the constructor of the first
# `Client` returns, so the methods are there in time. It takes every command class in here for a
# complete command (7.2 to 14, `_extend_client_with_module`), so the bases are in another module.
bindings.install()


class CreateDelayRule(neutron_rule.Delay, neutron_rule.Create):
    """Add a delay, with jitter, to one direction of a QoS policy."""

    shell_command = "qos-delay-rule-create"


class UpdateDelayRule(neutron_rule.Delay, neutron_rule.Update):
    """Change a delay rule of a QoS policy."""

    shell_command = "qos-delay-rule-update"


class ListDelayRules(neutron_rule.Delay, neutron_rule.List):
    """List the delay rules of a QoS policy."""

    shell_command = "qos-delay-rule-list"


class ShowDelayRule(neutron_rule.Delay, neutron_rule.Show):
    """Show a delay rule of a QoS policy."""

    shell_command = "qos-delay-rule-show"


class DeleteDelayRule(neutron_rule.Delay, neutron_rule.Delete):
    """Delete delay rules of a QoS policy."""

    shell_command = "qos-delay-rule-delete"


class CreateLossRule(neutron_rule.Loss, neutron_rule.Create):
    """Add packet loss to one direction of a QoS policy."""

    shell_command = "qos-loss-rule-create"


class UpdateLossRule(neutron_rule.Loss, neutron_rule.Update):
    """Change a loss rule of a QoS policy."""

    shell_command = "qos-loss-rule-update"


class ListLossRules(neutron_rule.Loss, neutron_rule.List):
    """List the loss rules of a QoS policy."""

    shell_command = "qos-loss-rule-list"


class ShowLossRule(neutron_rule.Loss, neutron_rule.Show):
    """Show a loss rule of a QoS policy."""

    shell_command = "qos-loss-rule-show"


class DeleteLossRule(neutron_rule.Loss, neutron_rule.Delete):
    """Delete loss rules of a QoS policy."""

    shell_command = "qos-loss-rule-delete"
