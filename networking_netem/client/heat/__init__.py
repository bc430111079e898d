# SPDX-License-Identifier: Apache-2.0
"""The folder that Heat's option `plugin_dirs` names; Heat loads the modules in it."""
