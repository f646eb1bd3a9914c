"""The weekly e-mail: what changed on the roadmaps that somebody looks at (B16).

On Mondays at eight, in the account's zone. Only roadmaps that the member has opened, and still may see when the letter
leaves.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import connection
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from accounts import digest, walls
from accounts.outbox import one_line
from accounts.walls import Across
from integrations import news
from integrations.models import Digest
from roadmaps.access import visible_to
from roadmaps.models import Roadmap

#: Roadmaps that a letter names, those with the most news; the rest are counted.
NAMED = 20
#: Changes that a letter looks at; nobody waits for it.
MOST = 200_000

#: A row for each member who wants it and has none for this week. It tells what came after the last one was made; that
#: which was made two weeks ago or before tells nothing any more. Opting in begins with the next Monday.
QUEUE = """
WITH week AS (
    SELECT member.id, member.account_id, member.digest_wanted_at,
        date_trunc('week', %(now)s AT TIME ZONE account.time_zone)::date AS monday,
        (date_trunc('week', %(now)s AT TIME ZONE account.time_zone) + interval '8 hours')
            AT TIME ZONE account.time_zone AS at
    FROM accounts_membership AS member
    JOIN accounts_account AS account ON account.id = member.account_id
    WHERE member.digest_wanted_at IS NOT NULL AND member.deactivated_at IS NULL
)
INSERT INTO integrations_digest (account_id, to_id, week, since)
SELECT account_id, id, monday, coalesce((
    SELECT max(last.created_at) FROM integrations_digest AS last WHERE last.to_id = week.id AND last.week >= monday - 14
), %(now)s - interval '7 days')
FROM week WHERE at <= %(now)s AND digest_wanted_at <= at
ON CONFLICT DO NOTHING
"""


@walls.every_account(Across.SCHEDULE)
def queue_due(now: datetime | None = None) -> int:
    """A letter for everybody whose week begins; answers how many were new."""
    with connection.cursor() as cursor:
        cursor.execute(QUEUE, {"now": now or timezone.now()})
        return int(cursor.rowcount)


def compose(letter: Digest) -> EmailMessage | None:
    """The e-mail; None where nothing changed, or it is no longer wanted."""
    member = letter.to
    if not member.wants_digest:
        return None
    looked_at = visible_to(member).filter(archived_at=None, kind=Roadmap.Kind.STANDARD, looks__member=member)
    roadmaps = {roadmap.pk: roadmap for roadmap in looked_at}
    counts = news.count(roadmaps.values(), member, since=letter.since, most=MOST)
    if not counts:
        return None
    ranked = sorted(counts, key=lambda pk: (-counts[pk].items, roadmaps[pk].name))
    stop_url = settings.SITE_URL + reverse("unsubscribe", args=[digest.make_token(member)])
    context = {
        "to": one_line(str(member)),
        "account": one_line(letter.account.name),
        "roadmaps": [(one_line(roadmaps[pk].name), counts[pk], _url(letter, pk)) for pk in ranked[:NAMED]],
        "more": len(ranked) - NAMED,
        "stop_url": stop_url,
        "site": settings.SITE_URL,
    }
    subject = one_line(f"The week on your roadmaps in {letter.account.name}")
    email = EmailMessage(subject, render_to_string("integrations/email/digest.txt", context))
    email.extra_headers["List-Unsubscribe"] = f"<{stop_url}>"
    email.extra_headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return email


def _url(letter: Digest, roadmap_id: int) -> str:
    return settings.SITE_URL + reverse("integrations:news", args=[letter.account.slug, roadmap_id]) + "?since=7"
