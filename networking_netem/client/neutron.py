# SPDX-License-Identifier: Apache-2.0
"""The extension that python-neutronclient loads: its `Client`'s methods, and ten commands.

The commands are those of delay and loss, and stay so: the program ended with neutronclient 10.
"""

from __future__ import annotations

from networking_netem.client import bindings, neutron_rule

# The methods exist as soon as neutronclient has loaded this module: before any command, and
# before the constructor of the first `Client` returns. neutronclient 10 and later have no
# program; the classes below lie idle there. Every command class seen in this module must be
# complete (neutronclient 7.2 to 14, `_extend_client_with_module`): their bases stand elsewhere.
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
