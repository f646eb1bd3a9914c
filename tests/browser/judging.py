"""What a page is judged by besides axe: that nothing sticks out of the window, and that the focus is seen."""

from __future__ import annotations

from playwright.sync_api import Page

STOPS = 40

_STICKS_OUT = """() => {
    const page = document.documentElement, wide = page.scrollWidth - page.clientWidth;
    if (wide <= 0) return "";
    const guilty = (each) => each.getBoundingClientRect().right > page.clientWidth + 1;
    const last = [...document.querySelectorAll("body *")].filter(guilty).at(-1);
    return `${wide} px wider than the window: ${last ? `${last.tagName} ${last.className}` : "?"}`;
}"""
#: How each element looks without the focus: it, what stands around it, and what it labels or is labelled by.
_REMEMBER = """() => {
    const telling = ["outline", "boxShadow", "backgroundColor", "borderColor", "textDecoration", "strokeWidth"];
    const looks = (each) => {
        const style = getComputedStyle(each);
        return telling.map((name) => style[name]).join("|");
    };
    const around = (each) => {
        const outside = [each.parentElement, each.parentElement?.parentElement, each.nextElementSibling];
        return [each, ...each.querySelectorAll("*"), ...outside, ...(each.labels ?? [])].filter(Boolean);
    };
    const before = new Map();
    document.activeElement?.blur();
    for (const each of document.querySelectorAll("*")) before.set(each, looks(each));
    window.focusIsSeen = (each) => around(each).some((one) => before.has(one) && before.get(one) !== looks(one));
}"""
_LOOK = """() => {
    const each = document.activeElement;
    if (!each || each === document.body) return null;
    const box = each.getBoundingClientRect();
    const text = (each.ariaLabel || each.innerText || each.name || "").slice(0, 40);
    const name = `${each.tagName.toLowerCase()} ${each.className?.baseVal ?? each.className} “${text}”`;
    if (!window.focusIsSeen(each)) return `no focus is seen on ${name}`;
    const inside = (x, y) => x >= 0 && y >= 0 && x < innerWidth && y < innerHeight;
    const parts = [0.5, 0.02, 0.98];
    const points = parts.flatMap((x) => parts.map((y) => [box.x + box.width * x, box.y + box.height * y]));
    const labels = [...(each.labels ?? [])];
    const hit = points.some(([x, y]) => {
        const there = inside(x, y) ? document.elementFromPoint(x, y) : null;
        return there && [each, ...labels].some((one) => one.contains(there) || there.contains(each));
    });
    return hit ? "" : `hidden while it has the focus: ${name}`;
}"""


def sticking_out(page: Page) -> str:
    """What makes the document scroll sideways; empty where nothing does."""
    found: str = page.evaluate(_STICKS_OUT)
    return found


def unseen_focus(page: Page) -> list[str]:
    """Press Tab through the page: which stops look as they did before, or are behind something else."""
    page.evaluate(_REMEMBER)
    found = []
    for _ in range(STOPS):
        page.keyboard.press("Tab")
        said = page.evaluate(_LOOK)
        if said is None:
            break
        if said:
            found.append(said)
    return found
