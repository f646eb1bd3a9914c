"""A server that answers Pivotal Tracker's REST API v5, for the demo, the tests and the benchmarks.

It knows nothing of the rest of the project, and nothing but tests and benchmarks imports it.
"""

from __future__ import annotations
