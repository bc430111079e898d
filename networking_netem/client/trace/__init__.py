# SPDX-License-Identifier: Apache-2.0
"""Recordings of links, in the formats that others write, as the steps of a timeline."""
