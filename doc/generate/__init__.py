# SPDX-License-Identifier: Apache-2.0
"""The pages that come from the code, and the site of all pages: `python -m doc.generate`."""
