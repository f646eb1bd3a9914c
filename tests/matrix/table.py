"""Who is let in where, and what the site then answers: one row for each address, by its name.

A row names the things that its address is about, a good post, and questions that name things of the account. Whoever
is not in `may` is refused, as `refusal` says; other answers than those are in `but`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.browser.every_page import ARGUMENTS
from tests.factories import PASSWORD
from tracker_sandbox.demo import DEMO_TOKEN

#: An ex-member was deactivated in the account; who is "deactivated" may not sign in at all any more, and was an admin.
EVERYBODY = (
    *("nobody", "deactivated", "stranger", "ex-member"),
    *("outsider", "reviewer", "viewer", "editor", "owner", "admin"),
)
SIGNED_IN = frozenset(EVERYBODY) - {"nobody", "deactivated"}
MEMBERS = SIGNED_IN - {"stranger", "ex-member"}
MAKERS = MEMBERS - {"reviewer"}
LOOK = MEMBERS - {"outsider"}
EDIT = frozenset({"editor", "owner"})
OWNER = frozenset({"owner"})
ADMIN = frozenset({"admin"})

Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """What GET and POST answer to those who may; None: this method is taken from nobody (405)."""

    may: frozenset[str]
    get: int | None = 200
    post: int | None = None
    #: By which thing an argument of the address goes that is not meant by its own name.
    args: Texts = field(default_factory=dict)
    #: What is posted; `{name}` is the thing of that name.
    body: Texts = field(default_factory=dict)
    #: Behind the address.
    query: str = ""
    #: Questions behind the address that name things of the account.
    asks: tuple[str, ...] = ()
    #: Other answers, of GET and of POST, by person.
    but: Mapping[str, tuple[int | None, int | None]] = field(default_factory=dict)
    #: A post enters the person's other accounts too, one after the other: to those it matters as well.
    enters_own: bool = False


def expected(name: str, who: str, method: str) -> int:
    """The status that this person gets."""
    row = TABLE[name]
    who = "nobody" if who == "deactivated" else who
    if who in row.but:
        answer = row.but[who][method == "POST"]
    elif (row.get if method == "GET" else row.post) is None:
        answer = None
    elif who in row.may:
        answer = row.get if method == "GET" else row.post
    else:
        answer = refusal(name, who)
    return 405 if answer is None else answer


def refusal(name: str, who: str) -> int:
    """Nobody signs in first; who is not of the account, or not on the roadmap, finds nothing; others may not."""
    if who == "nobody":
        return 302
    hidden = {"stranger", "ex-member"} | ({"outsider"} if "roadmap_id" in ARGUMENTS[name] else set())
    return 404 if who in hidden else 403


def _of(space: str, **rows: Row) -> dict[str, Row]:
    return {f"{space}:{name.replace('_', '-')}": row for name, row in rows.items()}


def _but(who: frozenset[str] | set[str], get: int | None, post: int | None) -> dict[str, tuple[int | None, int | None]]:
    return dict.fromkeys(who, (get, post))


ALL = frozenset(EVERYBODY)
#: Signed in already: sent home.
_HOME = _but(SIGNED_IN, 302, 302)
_SIGN_IN = {"login": "nobody@example.test", "password": "wrong"}
_PORTFOLIO = {"roadmap_id": "portfolio"}
_DRAFTED = {"roadmap_id": "drafted"}
#: Credentials are their owner's. Admins see them and may take them away; others who could have some find nothing.
_OTHERS = {**_but(MAKERS - OWNER, 404, 404), "admin": (403, 403)}
_POST_OTHERS = {**_but(MAKERS - OWNER, None, 404), "admin": (None, 403)}
_LAYOUT = (
    "?view={view_id}",
    "?{choice}={option}&filter={choice}",
    "?group={choice}&sort=-{number}&cols={text}",
)

_SIGN_IN_ROWS = {
    "healthz": Row(ALL, post=200),
    "readyz": Row(ALL, get=503, post=503),
    "metrics": Row(ALL, get=404),  # for who knows the operator's token: test_metrics.py
    "home": Row(SIGNED_IN, get=302, but={"ex-member": (200, None)}),
    "account_login": Row(ALL, post=200, body=_SIGN_IN, but=_HOME),
    "account_logout": Row(SIGNED_IN, post=302, but={"nobody": (302, 302)}),
    "account_signup": Row(ALL, post=200, body={"email": "x"}, but=_HOME),
    "account_inactive": Row(ALL, post=405),
    "account_email_verification_sent": Row(ALL, post=405),
    "account_reset_password": Row(ALL, post=302, body={"email": "who@example.test"}),
    "account_reset_password_done": Row(ALL, post=405),
    "account_reset_password_from_key": Row(ALL, get=302, post=302),
    "account_reset_password_from_key_done": Row(ALL, post=405),
    "account_confirm_email": Row(ALL, post=302, args={"key": "confirmation"}),
    "account_confirm_login_code": Row(ALL, get=302, post=302),
    "account_reauthenticate": Row(SIGNED_IN, post=302, body={"password": PASSWORD}),
    "account_email": Row(SIGNED_IN, post=200, body={"email": "x", "action_add": "1"}),
    "account_change_password": Row(SIGNED_IN, post=200, body={"oldpassword": "wrong"}),
    "account_set_password": Row(SIGNED_IN, get=302, post=302),
    "mfa_index": Row(SIGNED_IN, post=405),
    "mfa_activate_totp": Row(SIGNED_IN, get=302, post=302, body={"code": "000000"}),
    "mfa_authenticate": Row(ALL, get=302, post=302),
    "mfa_reauthenticate": Row(SIGNED_IN, get=302, post=302),
    "mfa_deactivate_totp": Row(SIGNED_IN, get=404, post=404),
    "mfa_view_recovery_codes": Row(SIGNED_IN, get=404, but={"nobody": (302, 302)}),
    "mfa_generate_recovery_codes": Row(SIGNED_IN, get=302, post=302),
    "mfa_download_recovery_codes": Row(SIGNED_IN, get=404, post=404),
    "usersessions_list": Row(SIGNED_IN, post=302),
    "session-end": Row(OWNER, get=None, post=302, but=_but(SIGNED_IN - OWNER, None, 404)),
    "unsubscribe": Row(ALL, post=200, args={"token": "digest_token"}),
    **_of(
        "invitations",
        show=Row(ALL),
        accept=Row(SIGNED_IN, get=None, post=302),
        join=Row(ALL, get=None, post=200, body={"name": "x", "password": "x"}, but=_but(SIGNED_IN, None, 302)),
    ),
}

_ACCOUNT_ROWS = {
    **_of(
        "accounts",
        settings=Row(MEMBERS, get=302),
        profile=Row(MEMBERS, post=302, body={"name": "Anew"}, enters_own=True),
        account=Row(ADMIN, get=None, post=302, body={"name": "Anew", "time_zone": "UTC"}),
        audit_log=Row(ADMIN, asks=("?member={member_id}",)),
        users=Row(ADMIN),
        invite=Row(ADMIN, get=None, post=302, body={"email": "guest@example.test", "role": "reviewer"}),
        change_role=Row(ADMIN, get=None, post=302, body={"role": "reviewer"}),
        deactivate=Row(ADMIN, get=None, post=302),
        reactivate=Row(ADMIN, get=None, post=302, args={"member_id": "gone_member"}),
        resend_invitation=Row(ADMIN, get=None, post=302),
        withdraw_invitation=Row(ADMIN, get=None, post=302),
    ),
    **_of(
        "integrations",
        integrations=Row(ADMIN),
        integration_add=Row(ADMIN, post=302, body={"name": "Another"}),
        integration_edit=Row(ADMIN, post=302, body={"name": "Anew"}),
        integration_delete=Row(ADMIN, get=None, post=302, args={"integration_id": "unused_integration"}),
        credentials=Row(MAKERS),
        credential_add=Row(MAKERS, post=302, body={"label": "Another", "secret": DEMO_TOKEN}),
        credential_rename=Row(OWNER, post=302, body={"label": "Anew"}, but=_OTHERS),
        credential_replace=Row(OWNER, post=302, body={"secret": DEMO_TOKEN}, but=_OTHERS),
        credential_move=Row(OWNER, post=302, body={"target": "{spare_credential}"}, but=_OTHERS),
        credential_check=Row(OWNER, get=None, post=302, but=_POST_OTHERS),
        credential_delete=Row(
            OWNER | ADMIN,
            get=None,
            post=302,
            args={"credential_id": "spare_credential"},
            but=_but(MAKERS - OWNER - ADMIN, None, 404),
        ),
    ),
    **_of(
        "roadmaps",
        list=Row(MEMBERS),
        new=Row(MAKERS, post=302, body={"name": "Another", "kind": "standard"}),
        fields=Row(ADMIN),
        field_new=Row(ADMIN, post=302, body={"name": "Fresh", "type": "text"}),
        field=Row(ADMIN, post=302, args={"field_id": "merge_field"}, body={"name": "Anew"}),
        field_roadmaps=Row(ADMIN, args={"field_id": "shared_field"}),
        field_archive=Row(ADMIN, get=None, post=302, args={"field_id": "merge_field"}),
        field_restore=Row(ADMIN, get=None, post=302, args={"field_id": "old_field"}),
        field_promote=Row(ADMIN, post=302, body={"name": "Everywhere"}),
        field_merge=Row(
            ADMIN,
            post=302,
            args={"field_id": "merge_field"},
            body={"into": "{shared_field}"},
            asks=("?into={shared_field}",),
        ),
    ),
}

_ROADMAP_ROWS = _of(
    "roadmaps",
    items_table=Row(LOOK, asks=_LAYOUT),
    rollup=Row(LOOK, asks=(*_LAYOUT, "?by={choice}&points={number}&state={choice}&done={option}&open={option}")),
    swimlane=Row(LOOK, asks=(*_LAYOUT, "?lanes={choice}&rows={choices}&colour={choice}&card={text}")),
    timeline=Row(LOOK, asks=(*_LAYOUT, "?head={choice}&sub={choices}&colour={choice}")),
    slips=Row(LOOK, query="?since=month&kind=later", asks=("?since=month&kind=later&group={choice}",)),
    timeline_svg=Row(LOOK, asks=_LAYOUT),
    timeline_png=Row(LOOK),
    export_csv=Row(LOOK, asks=_LAYOUT),
    export_xlsx=Row(LOOK),
    view_new=Row(EDIT, post=302, body={"name": "Another", "address": "?{choice}={option}"}),
    view_save=Row(EDIT, get=None, post=302, body={"address": "?group={choice}", "layout": "table"}),
    view_rename=Row(EDIT, post=302, body={"name": "Anew"}),
    view_duplicate=Row(EDIT, get=None, post=302),
    view_move=Row(EDIT, get=None, post=302, body={"to": "left"}),
    view_delete=Row(EDIT, post=302),
    milestone_new=Row(EDIT, post=302, body={"name": "Launch", "date": "2026-12-01", "colour": "1"}),
    milestone=Row(EDIT, post=302, body={"name": "Launch", "date": "2026-12-01", "colour": "1"}),
    milestone_delete=Row(EDIT, post=302),
    item_new=Row(EDIT, post=302, body={"name": "Another"}),
    item=Row(LOOK),
    item_edit=Row(EDIT, post=302, body={"name": "Anew", "{choice}": "{option}"}),
    item_dates=Row(EDIT, get=None, post=204, body={"start_date": "2026-03-01", "end_date": "2026-03-02"}),
    item_delete=Row(EDIT, post=302),
    item_move=Row(
        EDIT,
        post=302,
        query="?onto={choice}&onto=",
        body={"lane": "{option}"},
        asks=("?onto={choice}&onto=&view={view_id}",),
    ),
    item_history=Row(LOOK),
    comments=Row(LOOK, post=302, body={"text": "Hello"}),
    comment=Row(LOOK, get=302),
    comment_edit=Row(OWNER, post=302, body={"text": "Anew"}),
    comment_delete=Row(OWNER | ADMIN, post=302),
    links=Row(EDIT, post=302, body={"item": "{other_item}"}),
    unlink=Row(EDIT, get=None, post=302),
    cell=Row(EDIT, post=302, body={"value": "Anew"}),
    bulk_edit=Row(
        EDIT,
        get=None,
        post=302,
        body={"item": "{item_id}", "column": "{choice}", "{choice}": "{option}", "way": "set", "apply": "1"},
    ),
    bulk_delete=Row(EDIT, get=None, post=302, body={"item": "{item_id}", "confirmed": "1"}),
    own_fields=Row(EDIT),
    own_field_new=Row(EDIT, post=302, body={"name": "Fresh", "type": "text", "scope": "roadmap"}),
    own_field=Row(EDIT, post=302, body={"name": "Anew"}),
    own_field_archive=Row(EDIT, get=None, post=302),
    own_field_restore=Row(EDIT, get=None, post=302, args={"field_id": "old_own_field"}),
    settings=Row(OWNER, post=302, body={"name": "Anew"}),
    share=Row(OWNER, post=302, body={"member": "{member_id}", "level": "viewer"}),
    share_change=Row(OWNER, get=None, post=302, body={"level": "editor"}),
    unshare=Row(OWNER, get=None, post=302),
    hand_over=Row(OWNER, post=302, body={"member": "{member_id}"}),
    archive=Row(OWNER, get=None, post=302),
    restore=Row(OWNER, get=None, post=302),
    delete=Row(OWNER, post=302),
    sources=Row(EDIT, post=302, args=_PORTFOLIO, body={"roadmap": "{free_roadmap}"}),
    portfolio_state=Row(LOOK, args=_PORTFOLIO),
    source_view=Row(EDIT, get=None, post=302, args=_PORTFOLIO, body={"view": "{view_id}"}),
    source_move=Row(EDIT, get=None, post=302, args=_PORTFOLIO, body={"to": "up"}),
    source_remove=Row(EDIT, get=None, post=302, args=_PORTFOLIO),
)

_SYNC_ROWS = _of(
    "integrations",
    news=Row(LOOK),
    news_seen=Row(LOOK, get=None, post=302, body={"until": "2026-11-01T00:00:00Z"}),
    setup=Row(OWNER, get=302),
    setup_discard=Row(OWNER, get=None, post=302, args=_DRAFTED),
    setup_step=Row(
        OWNER,
        post=302,
        args={**_DRAFTED, "step_name": "settings"},
        body={"integration": "{link_integration}", "cadence": "720", "lost_items": "keep"},
    ),
    setup_preview=Row(OWNER, get=302, post=302, args={**_DRAFTED, "purpose": "plan"}),
    preview_cancel=Row(OWNER, get=None, post=302, args={**_DRAFTED, "purpose": "plan"}),
    setup_ready=Row(OWNER),
    sync_now=Row(OWNER, get=None, post=302),
    sync_status=Row(LOOK),
    run_list=Row(LOOK),
    run_detail=Row(LOOK),
    run_apply=Row(OWNER, get=None, post=302, args={"run_id": "held_run"}),
    run_keep=Row(OWNER, get=None, post=302, args={"run_id": "held_run"}),
    run_cancel=Row(OWNER, get=None, post=302, args={"run_id": "held_run"}),
    run_undo=Row(OWNER, get=None, post=302),
)

TABLE: dict[str, Row] = {**_SIGN_IN_ROWS, **_ACCOUNT_ROWS, **_ROADMAP_ROWS, **_SYNC_ROWS}
