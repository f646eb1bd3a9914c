"""Who asks for less motion gets none (a setting of the system)."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page

OpenPage = Callable[..., Page]

#: The selectors of all our rules that move something.
_MOVING = """() => {
    const rules = (sheet) => [...sheet.cssRules].flatMap((rule) =>
        rule.styleSheet ? rules(rule.styleSheet) : rule.cssRules?.length ? [rule, ...rules(rule)] : [rule]);
    const all = [...document.styleSheets].flatMap(rules);
    return all.filter(({ style }) => style?.animation || style?.transition).map((rule) => rule.selectorText);
}"""
#: Which of these classes move an element that is made up for it.
_MOVES = """(classes) => classes.flatMap((name) => {
    const each = document.createElement(name === "progress" ? "progress" : "div");
    each.className = name;
    document.body.append(each);
    const { animationName, transitionDuration } = getComputedStyle(each);
    each.remove();
    const still = animationName === "none" && transitionDuration.split(", ").every((time) => parseFloat(time) === 0);
    return still ? [] : [name];
})"""


@pytest.mark.parametrize("asked", ["reduce", "no-preference"])
@pytest.mark.usefixtures("transactional_db")
def test_nothing_moves_for_those_who_asked_for_it(open_page: OpenPage, asked: str) -> None:
    page = open_page(reduced_motion=asked)
    page.goto("/auth/login/")
    classes = {name for text in page.evaluate(_MOVING) for name in re.findall(r"\.([a-z][\w-]*)", text)}
    assert {"spin", "progress", "button", "skeleton"} <= classes
    moving = page.evaluate(_MOVES, sorted(classes))
    if asked == "reduce":
        assert moving == []
    else:
        assert {"spin", "button"} <= set(moving)
