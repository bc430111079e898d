# SPDX-License-Identifier: Apache-2.0
"""What makes links reach OVN: a port's link in its row of the northbound database."""
