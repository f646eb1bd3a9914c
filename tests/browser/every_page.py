"""Every address of the site: those that are pages, and who may do most there; and those that are none, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.browser.everything import STEPS, Things


@dataclass(frozen=True, slots=True)
class Visit:
    """A look at a page. `args` says by which thing an argument goes that is not meant by its own name."""

    name: str
    query: str = ""
    args: Mapping[str, str] = field(default_factory=dict)
    status: int = 200

    def address(self, things: Things) -> str:
        """Where it is, on a site with these things."""
        asked = {name: self.args.get(name, name) for name in ARGUMENTS[self.name]}
        path = reverse(self.name, kwargs={name: things.get(thing, thing) for name, thing in asked.items()})
        return path + self.query.format(**things)


def _addresses(
    patterns: list[URLPattern | URLResolver], space: str = "", upper: tuple[str, ...] = ()
) -> Iterator[tuple[str, tuple[str, ...]]]:
    for each in patterns:
        pattern = each.pattern
        args = (*upper, *(pattern.converters or pattern.regex.groupindex))
        if isinstance(each, URLResolver):
            yield from _addresses(each.url_patterns, f"{space}{each.namespace}:" if each.namespace else space, args)
        else:
            yield f"{space}{each.name}", args


#: The arguments of each address of the site, by its name.
ARGUMENTS = dict(_addresses(get_resolver().url_patterns))


def _of(space: str, *names: str, **args: str) -> list[Visit]:
    return [Visit(f"{space}:{name}", args=args) for name in names]


def _table(query: str = "", roadmap: str = "roadmap_id") -> Visit:
    return Visit("roadmaps:items-table", query, {"roadmap_id": roadmap})


def _step(name: str, roadmap: str) -> Visit:
    return Visit("integrations:setup-step", args={"roadmap_id": roadmap, "step_name": name})


#: Areas, each with the person who looks; "" is somebody who is not signed in.
PAGES: dict[tuple[str, str], list[Visit]] = {
    ("sign-in", ""): [
        *map(
            Visit,
            [
                "account_login",
                "account_signup",
                "account_inactive",
                "account_email_verification_sent",
                "account_reset_password",
                "account_reset_password_done",
                "account_reset_password_from_key_done",
                "account_reset_password_from_key",
                "invitations:show",
            ],
        ),
        Visit("account_reset_password_from_key", args={"key": "no-such-key"}),
        Visit("account_confirm_email", args={"key": "confirmation"}),
        Visit("account_confirm_email", args={"key": "no-such-key"}),
        Visit("invitations:show", args={"token": "late_token"}, status=410),
        Visit("unsubscribe", args={"token": "digest_token"}),
    ],
    ("person", "olga"): [
        Visit("home", "?choose=1"),
        *map(Visit, ["account_logout", "account_reauthenticate", "account_email", "account_change_password"]),
        *map(Visit, ["mfa_index", "mfa_activate_totp", "usersessions_list"]),
        Visit("invitations:show"),
        *_of("accounts", "profile"),
        *_of(
            "integrations",
            "credentials",
            "credential-add",
            "credential-rename",
            "credential-replace",
            "credential-move",
        ),
    ],
    ("account", "alice"): [
        *_of("accounts", "profile", "users", "audit-log"),
        Visit("accounts:audit-log", "?text=nothing+fits"),
        *_of("integrations", "integrations", "integration-add", "integration-edit"),
        Visit("roadmaps:list", "?tab=all"),
        *_of("roadmaps", "fields", "field-new"),
        *_of("roadmaps", "field-promote"),
        *_of("roadmaps", "field", "field-roadmaps", "field-merge", field_id="shared_field"),
        *_of("roadmaps", "field", "field-roadmaps", field_id="synced_field"),
        *_of("roadmaps", "field", field_id="old_field"),
    ],
    ("table", "olga"): [
        *_of("roadmaps", "list", "new"),
        *[Visit("roadmaps:list", f"?tab={tab}") for tab in ("shared", "archived")],
        _table(),
        _table("?q=nothing+fits"),
        _table("?group={choice}&sort=-name,{number}&archived=1&q=o&{choices}__empty=1&filter={choice}"),
        _table(roadmap="empty"),
        _table(roadmap="first"),
        _table(roadmap="refused"),
        _table(roadmap="failed"),
        _table(roadmap="archived"),
    ],
    ("layouts", "olga"): [
        *_of("roadmaps", "timeline", "swimlane"),
        Visit("roadmaps:timeline", "?scale=months&from=2026-01-01&head={choice}&sub={choices}&colour={choice}"),
        Visit("roadmaps:timeline", "?scale=weeks&from=2026-04-01"),
        Visit("roadmaps:timeline", "?since=month"),
        *[Visit("roadmaps:slips", f"?since=month&kind={kind}") for kind in ("later", "new", "lost")],
        Visit("roadmaps:swimlane", "?lanes={choice}&rows={choices}"),
        *_of("roadmaps", "rollup"),
        Visit("roadmaps:rollup", "?by={choice}&points={number}&state={choices}&scale=months&from=2026-01-01&open=none"),
        Visit("roadmaps:rollup", "?by={choice}&points={number}&state={choice}&done={option}&open={option}"),
        *_of("roadmaps", "timeline", "swimlane", "rollup", roadmap_id="empty"),
        *_of("roadmaps", "milestone-new", "milestone", "milestone-delete"),
        *_of("roadmaps", "view-new", "view-rename", "view-delete"),
    ],
    ("items", "olga"): [
        *_of("roadmaps", "item", "item-new", "item-edit", "item-delete", "item-move", "item-history"),
        *_of("roadmaps", "comments", "comment-edit", "comment-delete", "links", "cell"),
        *_of("roadmaps", "cell", column="name"),
        *_of("roadmaps", "cell", column="choices"),
    ],
    ("portfolio", "olga"): [
        _table(roadmap="portfolio"),
        _table("?group=roadmap&sort=-name&archived=1", roadmap="portfolio"),
        _table(roadmap="empty_portfolio"),
        *_of("roadmaps", "timeline", "swimlane", "rollup", "sources", "settings", roadmap_id="portfolio"),
        Visit("roadmaps:rollup", "?by=roadmap&open={portfolio}", {"roadmap_id": "portfolio"}),
        Visit("roadmaps:timeline", "?head=roadmap&colour={choice}", {"roadmap_id": "portfolio"}),
        Visit("roadmaps:slips", "?since=month&kind=new", {"roadmap_id": "portfolio"}),
        *_of("roadmaps", "item", "item-edit", "cell", roadmap_id="portfolio", column="name"),
        *_of("roadmaps", "sources", "timeline", roadmap_id="empty_portfolio"),
    ],
    ("roadmap", "olga"): [
        *_of("roadmaps", "own-fields", "own-field-new", "own-field"),
        *_of("roadmaps", "settings", "share", "hand-over", "delete"),
        *_of("roadmaps", "delete", roadmap_id="archived"),
        Visit("roadmaps:settings", args={"roadmap_id": "alices_roadmap"}, status=404),
        Visit("roadmaps:share", args={"roadmap_id": "archived"}, status=403),
        *_of("integrations", "run-list", "run-detail", "setup-ready", "news"),
        Visit("integrations:news", "?since=30"),
        *[
            Visit("integrations:run-detail", args={"run_id": run})
            for run in ("failed_run", "cancelled_run", "held_run")
        ],
    ],
    ("wizard", "olga"): [
        *[_step(name, "drafted") for name in [*STEPS, "review"]],
        *[_step(name, "roadmap_id") for name in [*STEPS, "review"] if name != "project"],
        _step("settings", "empty"),
        _step("filter", "refused"),
    ],
}

#: What only takes posts.
POSTS = {
    "invitations": ["accept", "join"],
    "accounts": [
        "account",
        "invite",
        "change-role",
        "deactivate",
        "reactivate",
        "resend-invitation",
        "withdraw-invitation",
    ],
    "integrations": [
        "integration-delete",
        "credential-check",
        "credential-delete",
        "setup-discard",
        "preview-cancel",
        "sync-now",
        "run-apply",
        "run-keep",
        "run-cancel",
        "news-seen",
        "run-undo",
    ],
    "roadmaps": [
        "source-view",
        "source-move",
        "source-remove",
        "view-save",
        "view-duplicate",
        "view-move",
        "bulk-edit",
        "bulk-delete",
        "item-dates",
        "unlink",
        "own-field-archive",
        "own-field-restore",
        "share-change",
        "unshare",
        "archive",
        "restore",
        "field-archive",
        "field-restore",
    ],
}
ONLY_POSTS = {f"{space}:{name}" for space, names in POSTS.items() for name in names} | {"session-end"}
#: What a GET answers where that is no page.
NO_PAGES = {
    "healthz": "a word for machines",
    "readyz": "a word for machines",
    "metrics": "figures for machines, and no page without the operator's token",
    "account_set_password": "a redirect: everybody has one",
    "account_confirm_login_code": "a redirect: nobody signs in by code",
    **dict.fromkeys(
        [
            "mfa_authenticate",
            "mfa_reauthenticate",
            "mfa_deactivate_totp",
            "mfa_view_recovery_codes",
            "mfa_generate_recovery_codes",
        ],
        "a page only with a second factor: test_second_factor.py",
    ),
    "mfa_download_recovery_codes": "a download",
    "accounts:settings": "a redirect to the first tab",
    "integrations:setup": "a redirect to the first step that is not done",
    "integrations:sync-status": "a part of the roadmap's page",
    "roadmaps:portfolio-state": "a part of the portfolio's page",
    "integrations:setup-preview": "a part of the wizard's page",
    "roadmaps:comment": "a redirect to the card",
    "roadmaps:timeline-svg": "a picture",
    "roadmaps:timeline-png": "a picture",
    "roadmaps:export-csv": "a download",
    "roadmaps:export-xlsx": "a download",
}
