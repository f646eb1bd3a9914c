"""What `make bench` runs: how far a pull is from the limit of the machine."""

from __future__ import annotations
