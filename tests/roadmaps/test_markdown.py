"""Markdown from strangers is shown, and does nothing (D18, W9, W10, W22)."""

from __future__ import annotations

import re
import time
from html.parser import HTMLParser

import pytest

from roadmaps import markdown


class Elements(HTMLParser):
    """What a browser would make of the HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.addresses += [value or "" for name, value in attrs if name == "href"]


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**bold** and *soft*", "<p><strong>bold</strong> and <em>soft</em></p>"),
        ("one\ntwo", "<p>one<br>\ntwo</p>"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("`x < y`", "<p><code>x &lt; y</code></p>"),
        ("~~gone~~", "<p><s>gone</s></p>"),
        ("| a |\n|---|", '<table tabindex="0">\n<thead>\n<tr>\n<th>a</th>\n</tr>\n</thead>\n</table>'),
    ],
)
def test_markdown_is_understood(text: str, html: str) -> None:
    assert markdown.render(text).strip() == html


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("# a\n# b", "h3 h3"),
        ("# a\n### b\n## c\n# d", "h3 h4 h4 h3"),
        ("### a\n# b", "h3 h3"),
        ("a\n=\nb\n-", "h3 h4"),
        ("# a\n## b\n### c\n#### d\n##### e\n###### f", "h3 h4 h5 h6 h6 h6"),
    ],
)
def test_headings_stand_below_those_of_the_page_and_leave_out_no_level(text: str, tags: str) -> None:
    """Two levels are above them: the item's name, and "Description" or the like."""
    assert " ".join(re.findall(r"<(h\d)>", markdown.render(text))) == tags


def test_a_link_opens_elsewhere_and_tells_nothing() -> None:
    assert 'href="https://example.test/" target="_blank" rel="noopener noreferrer nofollow"' in markdown.render(
        "[x](https://example.test/)"
    )


def test_a_picture_becomes_a_link() -> None:
    """Fetching it would tell its host who reads."""
    html = markdown.render("![A plan](https://example.test/plan.png)")
    assert "<img" not in html
    assert ">A plan</a>" in html


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg onload=alert(1)>",
        "<svg/onload=alert(1)//",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](java&#10;script:alert(1))",
        "[x](&#106;avascript:alert(1))",
        "[x](<javascript:alert(1)>)",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:msgbox)",
        "[x]: javascript:alert(1)\n\n[x]",
        "<javascript:alert(1)>",
        "![x](javascript:alert(1))",
        '![" onerror="alert(1)](https://e.test/x)',
        '[x](https://e.test/ "\\" onmouseover=\\"alert(1)")',
        '<a href="javascript:alert(1)">x</a>',
        '<p style="background:url(https://e.test/)">x</p>',
        "| <img src=x onerror=alert(1)> |\n|---|\n| x |",
        "```html\n<script>alert(1)</script>\n```",
        "`<script>alert(1)</script>`",
        "<iframe src=//e.test></iframe>",
        "<!--><script>alert(1)</script>-->",
        "\x00<script\x00>alert(1)</script>",
        "\ud800<script>alert(1)</script>",
    ],
)
def test_attacks_are_text(attack: str) -> None:
    found = Elements()
    found.feed(markdown.render(attack))
    assert found.tags <= markdown.TAGS
    assert found.attributes <= {"href", "title", "target", "rel", "start", "tabindex"}
    assert all(href.startswith(("http://", "https://")) for href in found.addresses)


#: Rows that say only "x" in a table of 600 columns.
WIDE = f"a|{'a|' * 600}\n{'-|' * 601}\n" + "x\n" * 10_000


@pytest.mark.parametrize(
    "text",
    ["*a_ [" * 20_000, "[a](" * 30_000, ">" * 100_000, "- " * 50_000, "[" * 100_000, WIDE, "a|b\n-|-\nx\n\n" * 2_000],
)
def test_a_costly_text_is_cut_first(text: str) -> None:
    """W22"""
    started = time.process_time()
    html = markdown.render(text)
    assert time.process_time() - started < 1
    assert len(html) < 300_000


def test_a_text_is_rendered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    markdown.render("again")
    monkeypatch.setattr(markdown, "_render", None)
    assert markdown.render("again").strip() == "<p>again</p>"


def test_what_is_long_is_not_kept_where_the_queue_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    """Redis must not fill up with what somebody posts."""
    short, long = "1. a\n" * 100, "a|b\n-|-\nx\n\n" * 1_500
    kept = []
    monkeypatch.setattr(markdown.cache, "set", lambda key, html, seconds: kept.append((len(html), seconds)))
    markdown.render(short)
    markdown.render(long)
    assert [seconds for _, seconds in kept] == [3600]
    assert kept[0][0] < markdown.MAX_REMEMBERED < len(markdown.render(long))
