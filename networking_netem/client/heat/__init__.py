# SPDX-License-Identifier: Apache-2.0
"""The folder to put in Heat's option `plugin_dirs`; Heat loads the modules in it."""
