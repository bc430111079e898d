# SPDX-License-Identifier: Apache-2.0
"""What users hold in their hands: commands, Python bindings, SDK and Heat resources."""
