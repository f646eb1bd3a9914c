"""A backup of a site that works, restored into an empty database, is the site again (P7)."""

from __future__ import annotations

import re
import shlex
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from integrations import vault
from tests.roadmunk.installation import Installation
from tracker_sandbox.demo import DEMO_TOKEN, build_demo
from tracker_sandbox.server import Sandbox

ROOT = Path(__file__).parents[2]
MADE = """
from tests import factories
for name in ("Acme", "Evil"):
    owner = factories.make_member(factories.make_account(name), "admin", name=f"Owner of {name}")
    roadmap = factories.make_roadmap(owner, f"{name}’s plan")
    factories.make_link(roadmap, credential=factories.make_credential(owner, secret=f"token-of-{name}"))
    for number in range(200):
        factories.make_item(roadmap, f"Item {number}")
"""
SECRETS = """
from integrations import vault
from integrations.models import Credential
def opened(credential):
    try:
        return vault.open_sealed(credential.sealed, credential.vault_context)
    except vault.SealBroken as error:
        return "closed"
answer = sorted(opened(each) for each in Credential.objects.filter(account__name__in=["Acme", "Evil"]))
"""
#: One transaction touches two accounts; a dump in the middle must hold both or none.
PAIR = """
INSERT INTO roadmaps_comment (account_id, item_id, author_id, text, created_at, edited_at)
SELECT item.account_id, item.id, roadmap.owner_id, %s, now(), NULL
FROM roadmaps_item AS item JOIN roadmaps_roadmap AS roadmap ON roadmap.id = item.roadmap_id WHERE item.name = 'Item 7'
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with Installation(tmp_path_factory.mktemp("backup")) as made:
        assert made.manage("migrate", "--no-input", "-v", "0").returncode == 0
        made.do(MADE)
        yield made


def documented(name: str) -> tuple[dict[str, str], list[str]]:
    """Environment and options of the command that docs/operations.md gives an operator."""
    text = (ROOT / "docs" / "operations.md").read_text()
    found = re.search(rf"^    ((?:\w+='[^']*' )?{name} .*)$", text, re.MULTILINE)
    assert found, name
    words = shlex.split(found[1])
    environment = dict(word.split("=", 1) for word in words[: words.index(name)])
    options = [word for word in words if word.startswith("--") and not word.startswith(("--file", "--dbname"))]
    return environment, options


def dump(site: Installation, name: str) -> Path:
    environment, options = documented("pg_dump")
    place = site.place / name
    site.postgres("pg_dump", *options, "--file", str(place), **environment)
    return place


def restore(site: Installation, place: Path, database: str) -> str:
    """The address of a new database that holds the backup."""
    site.postgres("psql", "-c", f"CREATE DATABASE {database}")
    environment, options = documented("pg_restore")
    site.postgres("pg_restore", *options, str(place), database=database, **environment)
    return site.servers.database_url.replace("/roadmunk?", f"/{database}?")


def test_every_row_of_every_account_comes_back(site: Installation) -> None:
    before = site.rows()
    restore(site, dump(site, "all.dump"), "again")
    assert site.rows("again") == before
    accounts = [row["account_id"] for row in before["roadmaps_item"].values()]
    assert [accounts.count(1), accounts.count(2)] == [200, 200]


def test_half_the_command_is_no_backup(site: Installation) -> None:
    """What the page warns of: refused without one word, and empty without the other."""
    with pytest.raises(AssertionError, match="row-level security"):
        site.postgres("pg_dump", "--data-only", "--table=roadmaps_item", PGOPTIONS="-c roadmunk.account=0")
    empty = site.postgres("pg_dump", "--data-only", "--table=roadmaps_item", "--enable-row-security")
    assert "Item 199" not in empty


def test_the_walls_stand_in_the_copy(site: Installation) -> None:
    restore(site, dump(site, "walls.dump"), "walled")
    with closing(site.connect("walled")) as connection, connection.cursor() as cursor:
        cursor.execute("SET roadmunk.account = '1'; SELECT DISTINCT account_id FROM roadmaps_item")
        assert cursor.fetchall() == [(1,)]
        cursor.execute("SET roadmunk.account = ''; SELECT count(*) FROM roadmaps_item")
        assert cursor.fetchone() == (0,)


def test_a_backup_in_the_middle_of_work_is_of_one_moment(site: Installation) -> None:
    stop, written = threading.Event(), threading.Event()

    def write() -> None:
        with closing(site.connect()) as connection:
            for number in range(100_000):
                with connection, connection.cursor() as cursor:
                    cursor.execute(PAIR, [f"Pair {number}"])
                written.set()
                if stop.is_set():
                    return

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert written.wait(30)
        place = dump(site, "busy.dump")
    finally:
        stop.set()
        writer.join()
    restore(site, place, "busy")
    comments = site.rows("busy")["roadmaps_comment"].values()
    texts = [row["text"] for row in comments]
    assert texts
    assert all(texts.count(text) == 2 for text in set(texts))
    assert len(texts) < len(site.rows()["roadmaps_comment"])


LINKED = f"""
from tests import factories
owner = factories.make_member(factories.make_account("Syncing"), "admin")
credential = factories.make_credential(owner, secret="{DEMO_TOKEN}")
answer = factories.make_link(factories.make_roadmap(owner), credential=credential, project_id="%s").roadmap_id
"""


def test_a_backup_while_a_project_is_pulled_holds_all_of_it_or_nothing(site: Installation) -> None:
    """P7: dumps are taken one after the other until the pull is over."""
    with Sandbox(build_demo()) as sandbox, ThreadPoolExecutor() as background:
        project = next(iter(sandbox.world.projects))
        roadmap = site.do(LINKED % project)
        pull = background.submit(site.manage, "sync", str(roadmap), PIVOTAL_TRACKER_URL=sandbox.url)
        places = [dump(site, "pull-0.dump")]
        while not pull.done():
            places.append(dump(site, f"pull-{len(places)}.dump"))
        places.append(dump(site, "pull-after.dump"))
        done = pull.result()
    assert done.returncode == 0, done.stderr
    numbers = []
    for number, place in enumerate(places):
        restore(site, place, f"pull_{number}")
        rows = site.rows(f"pull_{number}")
        items = sum(row["roadmap_id"] == roadmap for row in rows["roadmaps_item"].values())
        made = [row["created"] for row in rows["integrations_syncrun"].values() if row["state"] == "succeeded"]
        assert items == sum(made) == len(rows["integrations_itemchange"])
        numbers.append(items)
    assert set(numbers[:-1]) <= {0, numbers[-1]} and numbers[-1] > 10, numbers


def test_secrets_open_with_the_keys_alone(site: Installation) -> None:
    """Without the keys, once the operator gave them up, the site starts and people find their roadmaps; each token must
    be entered anew."""
    url = restore(site, dump(site, "secrets.dump"), "secrets")
    assert site.do(SECRETS, DATABASE_URL=url) == ["token-of-Acme", "token-of-Evil"]
    other = vault.new_key()
    assert site.do(SECRETS, DATABASE_URL=url, CREDENTIAL_KEYS=other) == ["closed", "closed"]
    refused = site.manage("migrate", "--check", DATABASE_URL=url, CREDENTIAL_KEYS=other)
    assert refused.returncode != 0
    (lost,) = re.findall(r"LOST_KEYS=(\w+)", refused.stderr)
    given_up = {"DATABASE_URL": url, "CREDENTIAL_KEYS": other, "LOST_KEYS": lost}
    assert site.manage("migrate", "--check", **given_up).returncode == 0
    answer = site.do(
        """
from django.test import Client
from django.urls import reverse
from accounts.models import User
from roadmaps.models import Roadmap
browser = Client(headers={"Host": "localhost", "X-Forwarded-Proto": "https"})
browser.force_login(User.objects.get(name="Owner of Acme"))
page = reverse("roadmaps:items-table", args=["acme", Roadmap.objects.get(name="Acme’s plan").pk])
answer = browser.get(page, secure=True).status_code
""",
        **given_up,
        DEBUG="true",
        ALLOWED_HOSTS="localhost",
    )
    assert answer == 200


def test_a_backup_holds_no_secret_in_the_clear(site: Installation) -> None:
    plain = site.place / "plain.sql"
    site.postgres("pg_dump", "--enable-row-security", "--file", str(plain), PGOPTIONS="-c roadmunk.account=0")
    text = plain.read_text()
    assert "Item 199" in text
    assert "token-of-" not in text
