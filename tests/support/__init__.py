# SPDX-License-Identifier: Apache-2.0
"""What tests of more than one level stand on."""
