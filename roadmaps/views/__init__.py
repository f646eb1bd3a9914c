"""The pages of a roadmap. Each view checks access, uses a form, calls a service, and redirects or renders."""

from __future__ import annotations
