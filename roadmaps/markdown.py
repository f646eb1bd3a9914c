"""Markdown from people and trackers as HTML that is safe to show, whatever stands in it (D18).

Two walls: the parser takes HTML for text, and what it makes passes an allow-list. Pictures become links, because
fetching one would tell its host who reads.
"""

from __future__ import annotations

import hashlib
from collections.abc import MutableMapping, Sequence
from html import escape
from importlib import import_module

import nh3
from django.core.cache import cache
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

#: Longer texts are cut: the parser's time grows faster than the text (2.8 s for 100 KB of the worst kind).
MAX_LENGTH = 20_000
CUT = "\n\n*… The rest of this text is left out here.*"
#: Seconds that a rendered text is remembered, under a digest of the text; longer HTML is not.
REMEMBERED = 3600
MAX_REMEMBERED = 100_000
#: Part of the key in the cache; it changes whenever the same text would give other HTML.
VERSION = 3
#: Texts stand below headings of this level, so their own start one lower.
ABOVE = 2

TAGS = {
    *("p", "br", "hr", "blockquote", "pre", "code", "em", "strong", "s", "del", "a"),
    *("ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
#: A table that is wider than its place can be scrolled, with the keyboard too.
SET_ATTRIBUTES = {"a": {"target": "_blank"}, "table": {"tabindex": "0"}}


def _picture(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: MutableMapping[str, object]
) -> str:
    source = escape(str(tokens[index].attrs.get("src", "")))
    return f'<a href="{source}">{escape(tokens[index].content) or "picture"}</a>'


# A row of a table that says only "x" gets its other cells for nothing: 65,536 of them, were it for the parser, which
# makes 13 MB and 20 seconds of twenty comments. (By name, because the package calls a function "table" too.)
vars(import_module("markdown_it.rules_block.table"))["MAX_AUTOCOMPLETED_CELLS"] = 2_000
_parser = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])
_parser.add_render_rule("image", _picture)


def render(text: str) -> SafeString:
    """The text as sanitised HTML, from the cache where it was rendered before."""
    if not text.strip():
        return SafeString("")
    source = text if len(text) <= MAX_LENGTH else text[:MAX_LENGTH] + CUT
    key = f"markdown:{VERSION}:{hashlib.sha256(source.encode('utf-8', 'replace')).hexdigest()}"
    html = cache.get(key)
    if not isinstance(html, str):
        html = _render(source)
        if len(html) <= MAX_REMEMBERED:
            cache.set(key, html, REMEMBERED)
    return mark_safe(html)  # noqa: S308 - it passed the allow-list


def _lower_headings(state: StateCore) -> None:
    """Make the headings of a text fit below those of the page, without leaving out a level (for screen readers)."""
    above: list[int] = []
    for token in state.tokens:
        if token.type == "heading_open":
            level = int(token.tag[1:])
            above = [each for each in above if each < level] + [level]
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(ABOVE + len(above), 6)}"


_parser.core.ruler.push("lower_headings", _lower_headings)


def _render(text: str) -> str:
    return nh3.clean(
        _parser.render(text.encode("utf-8", "replace").decode()),
        tags=TAGS,
        attributes=ATTRIBUTES,
        set_tag_attribute_values=SET_ATTRIBUTES,
        url_schemes={"http", "https"},
        url_relative="deny",
        link_rel="noopener noreferrer nofollow",
    )
