# SPDX-License-Identifier: Apache-2.0
"""The pages of this folder that come from the code: `python -m doc.generate` writes them."""
