# SPDX-License-Identifier: Apache-2.0
"""What users work with: commands, Python bindings, resources of the SDK and of Heat."""
