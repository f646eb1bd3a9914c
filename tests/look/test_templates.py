"""Every template compiles, wears the shared look, and would pass the Content-Security-Policy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template import Context, Template
from django.template.loader import get_template, render_to_string

TEMPLATES = settings.BASE_DIR / "templates"
NAMES = sorted(str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*") if path.suffix in {".html", ".txt"})
APPS = ("accounts", "integrations", "roadmaps", "roadmunk")
PAGES = [name for name in NAMES if name.endswith(".html")]
SPRITE = settings.BASE_DIR / "static" / "icons.svg"

#: What the policy forbids or htmx would have to evaluate: inline styles and scripts, handlers in attributes.
INLINE = re.compile(
    r"""\sstyle\s*=|<style\b|<script(?![^>]*\ssrc=)|\son[a-z]+\s*=|javascript:|\shx-on|["']js:|https?://[^"']*cdn""",
    re.I,
)
#: Ways by which a template takes a text for markup.
UNESCAPED = re.compile(r"\|\s*safe(?:seq)?\b|\{%\s*filter\s+safe|\{%\s*autoescape\s+off")
#: Ways by which Python does; `cells.join` is our own.
TRUSTED = re.compile(
    r"mark_safe|\bSafe(?:String|Text|Data)\(|format_html|html_safe|__html__|\bis_safe\b|import .*\bjoin\b"
)
#: Where Python may, and why a stranger's text is no markup there.
TRUSTING = {
    "accounts/templatetags/icons.py": "format_html escapes",
    "roadmaps/cells.py": "a table of hundreds of values: each is escaped where it is put in",
    "roadmaps/heads.py": "the heads of that table",
    "roadmaps/menus.py": "menus of a hundred fields: each name is escaped where it is put in",
    "roadmaps/rows.py": "the rows of that table",
    "roadmaps/table.py": "joins heads and rows",
    "roadmaps/markdown.py": "the allow-list for Markdown has the last word",
    "roadmaps/rollup_bars.py": "a drawing of hundreds of bars, written by svg.py, which escapes",
    "roadmaps/templatetags/timeline.py": "a drawing of hundreds of items, written by timeline_bars.py, which escapes",
}
ICON = re.compile(r"""\{%\s*icon\s+"([^"]+)"|\bicon="([^"]+)\"""")
STATIC = re.compile(r"""\{%\s*static\s+["']([^"']+)["']\s*%\}""")


def _text(name: str) -> str:
    return Path(TEMPLATES / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_every_template_compiles(name: str) -> None:
    get_template(name)


@pytest.mark.parametrize("name", PAGES)
def test_no_template_holds_inline_style_or_script(name: str) -> None:
    found = INLINE.search(_text(name))
    assert found is None, f"{name}: {found.group(0) if found else ''}"


def test_no_page_takes_a_text_for_markup() -> None:
    """W9. Letters are plain text: there an escaped name would be a wrong one."""
    assert [name for name in PAGES if UNESCAPED.search(_text(name))] == []
    letters = [name for name in NAMES if UNESCAPED.search(_text(name))]
    assert letters and all("/email/" in name for name in letters)


def test_only_a_few_files_write_markup_by_hand() -> None:
    """W9: each was looked at, and says why; another one has to be looked at first."""
    files = [path for app in APPS for path in (settings.BASE_DIR / app).rglob("*.py")]
    found = {str(path.relative_to(settings.BASE_DIR)) for path in files if TRUSTED.search(path.read_text())}
    assert found == TRUSTING.keys()


@pytest.mark.parametrize(
    "bad",
    ["{{ x|safe }}", "{{ x | safe}}", "{{ x|safeseq|join:', ' }}", "{% autoescape off %}", "{% filter safe %}"],
)
def test_the_search_for_unescaped_text_finds_it(bad: str) -> None:
    assert UNESCAPED.search(bad)


@pytest.mark.parametrize(
    "bad",
    [
        '<p style="x">',
        "<style>",
        "<script>go()</script>",
        '<a onclick="x">',
        '<a href="javascript:x">',
        '<a hx-on:click="x">',
    ],
)
def test_the_search_for_inline_code_finds_it(bad: str) -> None:
    assert INLINE.search(bad)


def test_every_icon_that_a_template_names_is_in_the_sprite() -> None:
    known = set(re.findall(r'<symbol id="([^"]+)"', SPRITE.read_text(encoding="utf-8")))
    named = {(name, a or b) for name in PAGES for a, b in ICON.findall(_text(name))}
    assert named, "the search for icons finds none at all"
    assert [f"{name} names {icon}" for name, icon in sorted(named) if icon not in known] == []


def test_every_static_file_that_a_template_names_exists() -> None:
    named = {(name, path) for name in PAGES for path in STATIC.findall(_text(name))}
    assert named, "the search for static files finds none at all"
    assert [f"{name} names {path}" for name, path in sorted(named) if finders.find(path) is None] == []


@pytest.mark.parametrize("name", ["400.html", "403.html", "403_csrf.html", "404.html", "500.html"])
def test_error_pages_need_no_context(name: str) -> None:
    page = render_to_string(name)
    assert "<h1>" in page
    assert "Go to your roadmaps" in page


@pytest.mark.parametrize("name", [n for n in NAMES if n.endswith("_subject.txt")])
def test_subjects_of_letters_are_one_line(name: str) -> None:
    assert len(render_to_string(name).strip().splitlines()) == 1


def test_every_class_that_a_template_names_is_in_the_stylesheets() -> None:
    """A mistyped class fails silently on the screen, so it fails loudly here."""
    css = "\n".join(path.read_text(encoding="utf-8") for path in (settings.BASE_DIR / "static" / "css").glob("*.css"))
    known = set(re.findall(r"\.(-?[a-zA-Z_][\w-]*)", css))
    known |= {css_class.partition("__")[0] for css_class in known}  # a block may have a look in its parts alone
    named = {(name, css_class) for name in PAGES for css_class in _classes(_text(name))}
    assert [f"{name} names {css_class}" for name, css_class in sorted(named) if css_class not in known] == []


def test_the_search_for_classes_reads_conditions_and_leaves_out_values() -> None:
    text = (
        '<p class="chip chip--{{ colour }}{% if a == "b" %} small{% endif %}">{% include "x" with class="truncate" %}'
        '{% icon "x" "icon--sm spin" %}'
    )
    assert _classes(text) == {"chip", "small", "truncate", "icon--sm", "spin"}
    assert _classes('<p class="banner banner--{% if a %}danger{% else %}warn{% endif %}">') == {"banner"}


def _classes(text: str) -> set[str]:
    """The names in class attributes, without those that a value is glued to."""
    handed_on = re.findall(r'\{%\s*(?:include\b[^%]*?\bclass=|icon\s+[^\s%]+\s+)"([^"]*)"', text)
    whole = re.sub(r"-\{% if .*?\{% endif %\}", "-\0", text)
    bare = re.sub(r"\{\{.*?\}\}", "\0", re.sub(r"\{%.*?%\}", " ", whole))
    attributes = re.findall(r'\sclass="([^"]*)"', bare)
    return {each for found in [*handed_on, *attributes] for each in found.split() if "\0" not in each}


def test_an_icon_keeps_what_it_is_called_inside_its_attributes() -> None:
    page = Template('{% icon "x" "icon--sm" %}{% icon name %}').render(Context({"name": '"><b>'}))
    assert page.startswith('<svg class="icon icon--sm" aria-hidden="true"')
    assert '"><b>' not in page
