"""Notebooks under nbval: their kernels get a workspace and a keyring of their own, never those of whoever runs them."""

from __future__ import annotations

from own import use_own_place

use_own_place()
