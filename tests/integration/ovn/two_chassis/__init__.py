# SPDX-License-Identifier: Apache-2.0
"""A lab with two chassis: links across them, and a port that moves from one to the other."""
