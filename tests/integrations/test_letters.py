"""Whatever names and errors hold, a letter has the head and the lines that we gave it, and no more (W9, section 6)."""

from __future__ import annotations

import uuid
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage as Parsed

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from accounts import invitations
from accounts.models import Account, Membership, User
from integrations import digests, notices
from integrations.models import Digest, Notice, ProjectLink, SyncRun
from roadmaps.models import Look, Roadmap
from tests import factories

pytestmark = pytest.mark.django_db

#: What PostgreSQL keeps as text, with more of what breaks heads, lines and terminals than chance would bring.
TEXTS = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "\r\n",
                "\n",
                "\r",
                "\r\nBcc: eve@evil.test\r\n\r\n",
                "\x1b[31m",
                "\u2028",
                "\x85",
                "\x0b",
                "\u202e",
                "\ufeff",
            ]
        ),
        st.sampled_from(
            ["<script>alert(1)</script>", "{{ 7|add:1 }}", "{% include 'x' %}", "=?utf-8?q?=0A?=", "\n.\n"]
        ),
        st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), max_size=12),
    ),
    max_size=8,
).map("".join)
HEAD = {"Subject", "From", "To", "Date", "Message-ID", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"}
UNSUBSCRIBE = {"List-Unsubscribe", "List-Unsubscribe-Post"}


@pytest.fixture
def link(olga: Membership) -> ProjectLink:
    return factories.make_link(
        factories.make_roadmap(olga, "Apollo"), credential=factories.make_credential(olga, "Mine")
    )


def notice_of(link: ProjectLink, kind: str, code: str) -> Notice:
    run = SyncRun.objects.create(
        account_id=link.account_id,
        link=link,
        trigger="manual",
        state="failed",
        finished_at=timezone.now(),
        error_code=code,
    )
    return Notice.objects.create(
        account_id=link.account_id, to=link.roadmap.owner, episode=uuid.uuid4(), kind=kind, link=link, run=run
    )


def rename(link: ProjectLink, text: str) -> None:
    """Give that name to everything that a letter may name."""
    Roadmap.objects.filter(pk=link.roadmap_id).update(name=text[:120])
    Account.objects.filter(pk=link.account_id).update(name=text[:80])
    User.objects.filter(memberships__account=link.account_id).update(name=text[:120])
    link.credential.label = text[:120]
    link.credential.save()
    SyncRun.objects.update(error=text[:500])


def sent(email: EmailMessage | None, to: str) -> tuple[set[str], int, str]:
    """The names in the head, the number of lines, and the signs that nobody sees, as another program reads them."""
    assert email is not None
    email.to = [to]
    read = message_from_bytes(email.message().as_bytes(), _class=Parsed, policy=policy.default)
    assert read["To"] == to
    body = read.get_content()
    assert "\n" not in str(read["Subject"]) and len(str(read["Subject"])) <= 201
    return set(read.keys()), body.count("\n"), "".join(sign for sign in body if not sign.isprintable() and sign != "\n")


@pytest.mark.parametrize(
    ("kind", "code"),
    [("trouble", "credential_rejected"), ("trouble", "owner_left"), ("trouble", "inconsistent"), ("recovered", "")],
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@example(text="Apollo\r\nBcc: eve@evil.test\r\n\r\nHello")
@given(text=TEXTS)
def test_a_notice_keeps_its_head_and_its_lines(kind: str, code: str, link: ProjectLink, text: str) -> None:
    notice = notice_of(link, kind, code)
    read = []
    for name in ("Apollo", text):
        rename(link, name)
        read.append(sent(notices.compose(Notice.objects.get(pk=notice.pk)), "olga@example.test"))
    assert read[0] == read[1]
    assert read[0][0] == HEAD and read[0][2] == ""


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@example(text="Apollo\r\nBcc: eve@evil.test\r\n\r\nHello")
@given(text=TEXTS)
def test_a_digest_keeps_its_head_and_its_lines(
    link: ProjectLink, olga: Membership, vera: Membership, text: str
) -> None:
    since = timezone.now() - timedelta(days=7)
    Membership.objects.filter(pk=vera.pk).update(digest_wanted_at=since)
    seen = {"since": since, "visit_at": since}
    _, first = Look.objects.get_or_create(account_id=link.account_id, roadmap=link.roadmap, member=vera, defaults=seen)
    if first:
        factories.make_share(link.roadmap, vera)
        factories.make_edit(factories.make_item(link.roadmap, "New"), olga, kind="made")
    letter, _ = Digest.objects.get_or_create(
        account_id=link.account_id, to=vera, week=since.date(), defaults={"since": since}
    )
    read = []
    for name in ("Apollo", text):
        rename(link, name)
        read.append(sent(digests.compose(Digest.objects.get(pk=letter.pk)), "olga@example.test"))
    assert read[0] == read[1]
    assert read[0][0] == HEAD | UNSUBSCRIBE and read[0][2] == ""


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@example(text="Acme\r\nBcc: eve@evil.test\r\n\r\nClick here: https://evil.test")
@given(text=TEXTS)
def test_an_invitation_keeps_its_head_and_its_lines(link: ProjectLink, alice: Membership, text: str) -> None:
    mail.outbox.clear()
    made = factories.make_invitation(alice, f"{uuid.uuid4()}@example.test", token=str(uuid.uuid4()))
    for name in ("Acme", text):
        rename(link, name)
        made = type(made).objects.select_related("account", "invited_by__user").get(pk=made.pk)
        invitations.send(invitations.Letter(made, "t"), link="https://roadmunk.test/invitations/t/")
    plain, strange = (sent(letter, "ida@example.test") for letter in mail.outbox)
    assert plain == strange
    assert plain[0] == HEAD and plain[2] == ""
