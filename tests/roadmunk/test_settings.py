"""Settings come from the environment; what production needs is refused where it is missing (W18)."""

from __future__ import annotations

import ast
import base64
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from roadmunk import secrets
from roadmunk.sandbox import DEMO_TOKEN, choose_sandbox, read_sandbox

ROOT = Path(__file__).parents[2]
CONTRACT = {
    *("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "CREDENTIAL_KEYS", "PIVOTAL_TRACKER_URL", "ALLOWED_HOSTS", "DEBUG"),
    *("DATA_DIR", "PORT", "MIN_SYNC_MINUTES", "TRACKER_REQUESTS_PER_SECOND", "TRACKER_REQUESTS_AT_ONCE", "EMAIL_URL"),
    *("TRUSTED_PROXIES", "LOG_FORMAT", "METRICS_TOKEN", "KEEP_HISTORY_DAYS"),
    *("SITE_URL", "ALLOW_PRIVATE_TRACKERS", "LOST_KEYS"),
}
PRODUCTION = {
    "DATABASE_URL": "postgres://roadmunk:password@db.example.com/roadmunk",
    "REDIS_URL": "redis://redis.example.com:6379/0",
    "SECRET_KEY": "a-key-of-fifty-and-more-signs-0123456789-abcdefghijklmnopqrstuvwxyz",
    "CREDENTIAL_KEYS": base64.b64encode(bytes(range(32))).decode(),
    "ALLOWED_HOSTS": "roadmunk.example.com",
}


def manage(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run manage.py with this environment and nothing of ours."""
    bare = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    command = [sys.executable, "manage.py", *words]
    return subprocess.run(command, cwd=ROOT, env=bare | environment, capture_output=True, text=True)


def variables_read_by_settings() -> set[str]:
    """Names that settings.py asks the environment for; the tracker's address is read by its ending."""
    tree = ast.parse((ROOT / "roadmunk" / "settings.py").read_text())
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name)
    ]
    asked = [
        call.args[0].value
        for call in calls
        if call.args
        and isinstance(call.args[0], ast.Constant)
        and (
            (
                isinstance(call.func, ast.Attribute)
                and isinstance(call.func.value, ast.Name)
                and call.func.value.id == "env"
            )
            or (isinstance(call.func, ast.Name) and call.func.id == "_secret")
        )
    ]
    return {str(name) for name in asked} | {"PIVOTAL_TRACKER_URL"}


def variables_of_the_example() -> set[str]:
    return set(re.findall(r"^#?([A-Z][A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))


def test_settings_read_the_contract_and_nothing_else() -> None:
    assert variables_read_by_settings() == CONTRACT


def test_the_example_names_every_variable() -> None:
    compose = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text()))
    assert variables_of_the_example() == variables_read_by_settings() | compose


def test_every_variable_of_the_example_has_a_sentence() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    for number, line in enumerate(lines):
        if re.match(r"#?[A-Z][A-Z_]+=", line):
            assert re.match(r"# [A-Z0-9].*|# \S+", lines[number - 1]), line


def test_production_settings_are_clean() -> None:
    """W18: `check --deploy` finds nothing."""
    done = manage("check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


@pytest.mark.parametrize("name", ["SECRET_KEY", "CREDENTIAL_KEYS"])
@pytest.mark.parametrize("value", ["missing", "empty"])
def test_a_missing_secret_is_a_refusal_that_names_it(name: str, value: str) -> None:
    environment = {key: text for key, text in PRODUCTION.items() if key != name} | (
        {name: ""} if value == "empty" else {}
    )
    done = manage("check", **environment)
    assert done.returncode != 0
    assert f"{name} is not set" in done.stderr
    assert ".env.example" in done.stderr


KEY = PRODUCTION["CREDENTIAL_KEYS"]


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"SECRET_KEY": "change-me"}, "SECRET_KEY can be guessed"),
        ({"SECRET_KEY": PRODUCTION["SECRET_KEY"][:31]}, "SECRET_KEY can be guessed"),
        ({"SECRET_KEY": "django-insecure-" + "x" * 50}, "SECRET_KEY can be guessed"),
        ({"CREDENTIAL_KEYS": "change-me"}, "CREDENTIAL_KEYS holds a key that is not"),
        ({"CREDENTIAL_KEYS": f"{KEY},{KEY[:-8]}"}, "CREDENTIAL_KEYS holds a key that is not"),
        ({"CREDENTIAL_KEYS": ","}, "CREDENTIAL_KEYS holds a key that is not"),
        ({"DEBUG": "true"}, "DEBUG shows the inside of the site"),
        ({"DEBUG": "true", "ALLOWED_HOSTS": "localhost,*"}, "DEBUG shows the inside of the site"),
    ],
)
def test_what_would_only_look_safe_does_not_start(variables: dict[str, str], named: str) -> None:
    """W18: and says why, without the value."""
    done = manage("check", **(PRODUCTION | variables))
    assert done.returncode != 0
    assert f"ImproperlyConfigured: {named}" in done.stderr
    for name in variables.keys() & {"SECRET_KEY", "CREDENTIAL_KEYS"}:
        assert len(variables[name]) < 4 or variables[name] not in done.stderr


def test_the_shortest_secret_key_has_32_signs() -> None:
    """W18: half of a key is none."""
    assert manage("check", **(PRODUCTION | {"SECRET_KEY": PRODUCTION["SECRET_KEY"][:32]})).returncode == 0


def test_debug_on_one_machine_starts() -> None:
    assert manage("check", **(PRODUCTION | {"DEBUG": "true", "ALLOWED_HOSTS": "localhost,127.0.0.1"})).returncode == 0


def test_an_embedded_installation_makes_its_own_secrets(tmp_path: Path) -> None:
    assert manage("check", DATA_DIR=str(tmp_path / "data")).returncode == 0
    kept = tmp_path / "data" / "secrets.env"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert kept.parent.stat().st_mode & 0o777 == 0o700
    before = kept.read_text()
    assert manage("check", DATA_DIR=str(tmp_path / "data")).returncode == 0
    assert kept.read_text() == before


def test_a_production_installation_makes_none(tmp_path: Path) -> None:
    manage("check", DATA_DIR=str(tmp_path / "data"), **PRODUCTION)
    assert not (tmp_path / "data").exists()


def test_secrets_are_made_once(tmp_path: Path) -> None:
    first = secrets.load_or_make(tmp_path / "secrets.env")
    assert secrets.load_or_make(tmp_path / "secrets.env") == first
    assert len(first["SECRET_KEY"]) >= 50
    assert len(base64.b64decode(first["CREDENTIAL_KEYS"])) == 32
    assert [path.name for path in tmp_path.iterdir()] == ["secrets.env"]


def test_who_comes_second_takes_the_secrets_of_the_first(tmp_path: Path) -> None:
    """Web and worker may be the first to start, both at once."""
    path = tmp_path / "secrets.env"
    first = secrets.load_or_make(path)
    secrets._make(path)
    assert secrets.load_or_make(path) == first


def test_every_command_finds_the_sandbox_where_it_was(tmp_path: Path) -> None:
    assert read_sandbox(tmp_path) is None
    chosen = choose_sandbox(tmp_path)
    assert read_sandbox(tmp_path) == chosen == choose_sandbox(tmp_path)
    script = "from django.conf import settings; print(settings.CONNECTOR_URLS['pivotal_tracker'])"
    shell = ("shell", "--no-imports", "-v", "0", "-c", script)
    assert manage(*shell, DATA_DIR=str(tmp_path)).stdout.strip() == chosen.url
    elsewhere = {"DATA_DIR": str(tmp_path), "PIVOTAL_TRACKER_URL": "https://tracker.example.com/"}
    assert manage(*shell, **elsewhere).stdout.strip() == "https://tracker.example.com"


def test_the_sandbox_is_started_with_the_token_that_it_calls_its_own() -> None:
    """Neither imports the other, so the same token stands in both."""
    from tracker_sandbox.demo import DEMO_TOKEN as OWN

    assert OWN == DEMO_TOKEN
