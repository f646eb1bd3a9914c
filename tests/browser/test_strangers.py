"""Each page of the site with texts of strangers on it: they stay text, and turn nothing around them (W9, section 6)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from playwright.sync_api import Page

from accounts.models import Membership
from tests.browser import strangers
from tests.browser.every_page import PAGES, Visit
from tests.browser.everything import Things
from tests.browser.people import enter
from tracker_sandbox.server import Sandbox

OpenPage = Callable[..., Page]
SignIn = Callable[[Membership], Client]
#: Besides every page: those on which a question, or who asks, brings more names.
MORE = {
    ("account", "alice"): [Visit("roadmaps:field"), Visit("roadmaps:field-merge", "?into={shared_field}")],
    ("roadmap", "vera"): [Visit("roadmaps:items-table"), Visit("roadmaps:item"), Visit("integrations:news")],
}
#: Each policy violation.
LISTEN = """
window.__violations = [];
document.addEventListener('securitypolicyviolation', (each) => window.__violations.push(each.violatedDirective));
"""
#: Where a text with the mark need not be in a <bdi>: in what holds text alone and ends where that ends, for there a
#: browser isolates it; in a line of a drawing, where no <bdi> can be; and beside a box to tick, in a line of its own.
PLACES = 'bdi, [dir="auto"], option, textarea, title, svg text, div > label:only-child:has(> input)'
#: What ran, what broke out of its place, and which texts nothing isolates.
LOOK = """([mark, places]) => {
    const texts = document.createTreeWalker(document, NodeFilter.SHOW_TEXT), bare = [];
    while (texts.nextNode()) {
        const text = texts.currentNode, place = text.parentElement;
        if (text.data.includes(mark) && !place.closest(places)) bare.push(place.outerHTML.slice(0, 200));
    }
    const broken = 'img[src="x"], [onload], [onerror], [onfocus], script:not([src])';
    return {
        ran: window.__xss ?? null, violations: window.__violations, bare,
        broken: [...document.querySelectorAll(broken)].map((each) => each.parentElement.outerHTML.slice(0, 200)),
        marked: document.documentElement.outerHTML.includes(mark),
    };
}"""


@pytest.mark.parametrize(("area", "who"), PAGES | MORE)
def test_texts_of_strangers_stay_in_their_place(
    area: str,
    who: str,
    things: Things,
    alice: Membership,
    tracker: Sandbox,
    open_page: OpenPage,
    signed_in: SignIn,
    request: pytest.FixtureRequest,
) -> None:
    strangers.write_everywhere(alice, tracker)
    page = open_page()
    if who:
        enter(page, signed_in(request.getfixturevalue(who)))
    page.add_init_script(LISTEN)
    wrong, marked = {}, 0
    for visit in [*PAGES.get((area, who), []), *MORE.get((area, who), [])]:
        address = visit.address(things)
        answer = page.goto(address)
        found = page.evaluate(LOOK, [strangers.MARK, PLACES])
        marked += found.pop("marked")
        if answer is None or answer.status != visit.status or any(found.values()):
            wrong[address] = {"status": answer and answer.status, **found}
    assert wrong == {}
    assert marked
