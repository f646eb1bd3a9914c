"""Asks a running site whether it is ready; for the one-command start and for a container's health check."""

from __future__ import annotations

import http.client
import json
import os
import sys


def ask(port: int, *, path: str = "/readyz", host: str = "127.0.0.1") -> tuple[int, str]:
    """Return status and body of the answer of 127.0.0.1:`port`; status 0 if there is none. `host` must be allowed."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path, headers={"Host": host})
        answer = connection.getresponse()
        return answer.status, answer.read(10_000).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return 0, str(error)
    finally:
        connection.close()


def allowed_host(hosts: list[str]) -> str:
    """Return a host name that the site answers to, from its ALLOWED_HOSTS."""
    first = hosts[0] if hosts else "127.0.0.1"
    return "127.0.0.1" if first == "*" else first.lstrip(".")


def failing_parts(body: str) -> list[str]:
    """Return the names of the parts that /readyz found failing; empty where the answer was no such report."""
    try:
        report = json.loads(body)
    except ValueError:
        return []
    return [name for name, state in report.items() if state == "failed"] if isinstance(report, dict) else []


def main() -> int:
    """Exit status 0 if the path given as argument, /healthz by default, answers 200."""
    path = sys.argv[1] if len(sys.argv) > 1 else "/healthz"
    hosts = [host.strip() for host in os.environ.get("ALLOWED_HOSTS", "127.0.0.1").split(",")]
    status, body = ask(int(os.environ.get("PORT", "8000")), path=path, host=allowed_host(hosts))
    print(status, body)
    return 0 if status == 200 else 1


if __name__ == "__main__":
    raise SystemExit(main())
