"""The few pieces of HTML that the sandbox's pages are made of. Whatever is put in is escaped here."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from tracker_sandbox.web import Reply

SAFE_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class Html(str):
    """Text that is HTML already."""


def tag(name: str, /, *content: object, **attributes: object) -> Html:
    """An element; `class_` is `class`, an attribute that is False or None is left out, True stands alone."""
    shown = ""
    for key, value in attributes.items():
        key = key.rstrip("_").replace("_", "-")
        if value is True:
            shown += f" {key}"
        elif value is not False and value is not None:
            shown += f' {key}="{escape(str(value))}"'
    if name in ("input", "link", "meta"):
        return Html(f"<{name}{shown}>")
    return Html(f"<{name}{shown}>{text(*content)}</{name}>")


def text(*content: object) -> Html:
    """The pieces one after the other; lists are walked through."""
    parts: list[str] = []
    for one in content:
        if isinstance(one, Html):
            parts.append(one)
        elif isinstance(one, str):
            parts.append(escape(one))
        elif isinstance(one, Iterable):
            parts.append(text(*one))
        elif one is not None:
            parts.append(escape(str(one)))
    return Html("".join(parts))


def button(action: str, label: str, *, quiet: bool = False, **values: object) -> Html:
    """A form with one button that posts these values."""
    hidden = [tag("input", type="hidden", name=name, value=value) for name, value in values.items()]
    style = "quiet" if quiet else None
    return tag("form", hidden, tag("button", label, class_=style), method="post", action=action, class_="inline")


def field(label: str, name: str, *, value: object = "", type_: str = "text", **more: object) -> Html:
    """A labelled input."""
    return tag("label", tag("span", label), tag("input", type=type_, name=name, value=value, **more))


def select(label: str, name: str, choices: Iterable[tuple[object, str]]) -> Html:
    """A labelled choice."""
    options = [tag("option", shown, value=value) for value, shown in choices]
    return tag("label", tag("span", label), tag("select", options, name=name))


def table(headings: Iterable[str], rows: Iterable[Iterable[object]]) -> Html:
    """A table in a box that scrolls sideways when it is too wide."""
    head = tag("tr", [tag("th", heading, scope="col") for heading in headings])
    body = [tag("tr", [tag("td", cell) for cell in row]) for row in rows]
    return tag("div", tag("table", tag("thead", head), tag("tbody", body)), class_="scroll")


def page(title: str, *content: object, status: int = 200) -> Reply:
    """A whole page."""
    head = text(
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{title} · Tracker sandbox"),
        tag("link", rel="stylesheet", href="/sandbox.css"),
    )
    top = tag(
        "header",
        tag("strong", "Tracker sandbox"),
        tag("nav", tag("a", "Projects", href="/"), tag("a", "Control page", href="/sandbox")),
    )
    body = tag("body", top, tag("main", tag("h1", title), *content))
    document = f"<!doctype html>{tag('html', tag('head', head), body, lang='en')}"
    return Reply(status, dict(SAFE_HEADERS), document.encode("utf-8", "replace"))
