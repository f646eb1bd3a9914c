"""What axe-core finds on a page: mistakes that keep people with a screen reader or a keyboard out."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from playwright.sync_api import ConsoleMessage, Page

AXE = Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js"
SERIOUS = ("serious", "critical")

#: Animations that end are waited for: a colour on its way is no colour to be judged.
_SETTLE = """() => Promise.all(document.getAnimations()
    .filter((each) => each.effect.getComputedTiming().endTime !== Infinity)
    .map((each) => each.finished.catch(() => null)))
    .then(() => null)"""
_RUN = """async (within) => {
    const { violations } = await axe.run(within ?? document);
    return violations.flatMap(({ id, impact, help, nodes }) =>
        nodes.map(({ target }) => ({ impact, text: `${impact} ${id}: ${help}: ${target.join(" ")}` })));
}"""


def serious_findings(page: Page, within: str | None = None) -> list[str]:
    """What axe calls serious or critical, one line for each element; `within` is a selector, else the whole page.

    Say `assert serious_findings(page) == []`.
    """
    return [text for impact, text in _findings(page, within) if impact in SERIOUS]


def all_findings(page: Page, within: str | None = None) -> list[str]:
    """The same with what axe calls minor and moderate, such as headings out of order."""
    return [text for _, text in _findings(page, within)]


def said(message: ConsoleMessage) -> bool:
    """Whether axe is the cause: it tries inline styles, which the browser refuses, sometimes only on the next page.

    What a page itself does has the address of the page or of its script; axe, which tests put in by hand, has none.
    """
    return "inline style" in message.text and not message.location["url"]


def _findings(page: Page, within: str | None) -> list[tuple[str, str]]:
    page.evaluate(_SETTLE)
    if not page.evaluate("'axe' in window"):
        page.evaluate(_source())
    found = page.evaluate(_RUN, within)
    return [(each["impact"], each["text"]) for each in found]


@cache
def _source() -> str:
    return AXE.read_text(encoding="utf-8")
