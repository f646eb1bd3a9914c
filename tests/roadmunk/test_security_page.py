"""SECURITY.md promises only what a test proves, and its figures are those of the settings."""

from __future__ import annotations

import re
from pathlib import Path

from allauth.account import app_settings
from allauth.core.internal.ratelimit import parse_rates

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "SECURITY.md").read_text()
PROMISES = re.findall(r"^\| (.+) \| (`tests/.+) \|$", TEXT, re.M)


def test_each_promise_names_the_tests_that_prove_it() -> None:
    named = {path for _, proofs in PROMISES for path in re.findall(r"`([^`]+)`", proofs)}
    assert len(PROMISES) >= 12
    assert {path for path in named if "def test_" not in (ROOT / path).read_text()} == set()


def test_the_limits_are_the_ones_that_hold() -> None:
    """W16."""
    rates = {rate.per: (rate.amount, rate.duration) for rate in parse_rates(app_settings.RATE_LIMITS["login_failed"])}
    assert rates == {"key": (5, 5 * 60), "ip": (10, 60)}
    assert "5 in 5 minutes for a name, whatever host or port the request names; 10 in a minute for an address" in TEXT


def test_the_readme_leads_there() -> None:
    assert "(SECURITY.md)" in (ROOT / "README.md").read_text()
