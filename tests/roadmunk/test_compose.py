"""docker-compose.yml and Dockerfile describe a production that settings understand, and hold no secret."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.roadmunk.test_settings import variables_read_by_settings

ROOT = Path(__file__).parents[2]
OURS = ("migrate", "web", "worker", "beat")
SECRETS = ("SECRET_KEY", "CREDENTIAL_KEYS", "DATABASE_PASSWORD", "POSTGRES_PASSWORD")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return loaded


@pytest.fixture(scope="module")
def dockerfile() -> list[str]:
    """The instructions, each on one line, without comments."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    return [re.sub(r"\s+", " ", line) for line in text.splitlines() if line and not line.startswith("#")]


def test_the_set_is_whole(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == {*OURS, "postgres", "redis"}


@pytest.mark.parametrize("service", OURS)
def test_settings_read_every_variable_that_a_service_sets(compose: dict[str, Any], service: str) -> None:
    assert set(compose["services"][service]["environment"]) <= variables_read_by_settings()


def test_a_service_sets_what_production_needs(compose: dict[str, Any]) -> None:
    needed = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "CREDENTIAL_KEYS", "ALLOWED_HOSTS", "EMAIL_URL"}
    for service in OURS:
        assert needed <= set(compose["services"][service]["environment"])
        assert "DEBUG" not in compose["services"][service]["environment"]


def test_settings_read_every_variable_that_the_image_sets(dockerfile: list[str]) -> None:
    of_python = {"PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "PIP_DISABLE_PIP_VERSION_CHECK"}
    lines = [line for line in dockerfile if line.startswith("ENV ")]
    kept = {name for line in lines for name in re.findall(r"(\w+)=", line)}
    build = next(line for line in dockerfile if "collectstatic" in line)
    passing = set(re.findall(r"\b([A-Z_]+)=", build))
    assert kept - of_python <= variables_read_by_settings()
    assert passing <= variables_read_by_settings()
    assert passing, "collecting static files needs settings"
    assert not kept & {"SECRET_KEY", "CREDENTIAL_KEYS", "DATABASE_URL"}


def test_no_secret_is_written_down(compose: dict[str, Any]) -> None:
    """Each comes from outside, and its absence is a refusal: `${NAME:?what to do}`."""
    text = (ROOT / "docker-compose.yml").read_text()
    for name in SECRETS:
        uses = re.findall(r"\$\{" + name + r"(.{2})", text)
        assert uses, name
        assert set(uses) == {":?"}, name
    for service in compose["services"].values():
        for name, value in service.get("environment", {}).items():
            if re.search(r"SECRET|KEY(?!S$)|CREDENTIAL|PASSWORD|DATABASE_URL|EMAIL_URL", name):  # LOST_KEYS: digests
                assert ":?" in value, name


def test_every_service_that_answers_is_watched(compose: dict[str, Any]) -> None:
    """Migration ends by itself; beat answers nobody, and ends when it fails."""
    for name, service in compose["services"].items():
        check = service["healthcheck"]
        if name in {"migrate", "beat"}:
            assert check == {"disable": True}
        else:
            assert check["test"][0] in {"CMD", "CMD-SHELL"}
            assert {"interval", "timeout"} <= set(check)


def test_nothing_starts_before_what_it_needs(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert services["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    for name in ("web", "worker", "beat"):
        assert services[name]["depends_on"] == {
            "migrate": {"condition": "service_completed_successfully"},
            "postgres": {"condition": "service_healthy"},
            "redis": {"condition": "service_healthy"},
        }


def test_only_the_web_can_be_reached_and_only_from_the_machine(compose: dict[str, Any]) -> None:
    """W19."""
    ports = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}
    assert ports == {"web": ["127.0.0.1:8000:8000"]}


def test_data_is_kept_in_volumes(compose: dict[str, Any]) -> None:
    used = {volume.split(":")[0] for service in compose["services"].values() for volume in service.get("volumes", [])}
    assert used == set(compose["volumes"]) == {"postgres", "redis"}


def test_the_database_role_has_no_power_over_the_cluster(compose: dict[str, Any]) -> None:
    """As embedded, so that row-level security can bind it (B18)."""
    script = compose["configs"]["make-role"]["content"]
    assert "CREATE ROLE roadmunk LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE" in script
    assert compose["services"]["web"]["environment"]["DATABASE_URL"].startswith("postgres://roadmunk:")


def test_the_versions_are_those_that_the_design_asks_for(compose: dict[str, Any], dockerfile: list[str]) -> None:
    postgres = int(compose["services"]["postgres"]["image"].partition(":")[2])
    assert postgres >= 15
    assert compose["services"]["redis"]["image"] == "redis:7"
    assert dockerfile[0].startswith("FROM python:3.11-slim")


def test_the_image_installs_the_runtime_part_of_the_lock_with_hashes(dockerfile: list[str]) -> None:
    install = next(line for line in dockerfile if "pip install" in line)
    assert "/^# development$/,$d" in install
    assert "--require-hashes" in install


def test_the_image_runs_as_nobody_special_and_watches_itself(dockerfile: list[str]) -> None:
    assert dockerfile.index("USER 10001") < dockerfile.index("EXPOSE 8000")
    assert any(line.startswith("HEALTHCHECK") and "roadmunk.probe" in line for line in dockerfile)


def test_the_image_holds_what_it_copies_and_the_context_sends_it(dockerfile: list[str]) -> None:
    sources = [line.split()[1] for line in dockerfile if line.startswith("COPY")]
    sent = (ROOT / ".dockerignore").read_text().split()
    assert sent[0] == "*"
    for source in sources:
        assert (ROOT / source).exists(), source
        assert f"!{source}" in sent, source


@pytest.mark.parametrize("service", ["worker", "beat"])
def test_worker_and_beat_start_as_in_the_demo(compose: dict[str, Any], service: str) -> None:
    command = compose["services"][service]["command"]
    assert command[:4] == ["celery", "-A", "roadmunk", service]
    assert "-B" not in command
