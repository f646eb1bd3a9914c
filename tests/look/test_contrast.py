"""Text can be read on whatever it stands on, in both themes: WCAG 2.2 AA, computed from the tokens themselves."""

from __future__ import annotations

import re
from itertools import product

import pytest
from django.conf import settings

TOKENS = (settings.BASE_DIR / "static" / "css" / "tokens.css").read_text(encoding="utf-8")
PAIR = re.compile(r"--([a-z0-9-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);")
COLOURS: dict[str, tuple[str, str]] = {name: (light, dark) for name, light, dark in PAIR.findall(TOKENS)} | {
    "on-accent": ("#ffffff", "#ffffff")
}
THEMES = {"light": 0, "dark": 1}

SURFACES = ["bg", "bg-sunken", "bg-raised", "bg-hover", "bg-selected"]
STATES = ["ok", "warn", "danger", "info", "neutral"]
TEXTS = [
    *product(["text", "text-muted", "text-faint", "accent"], SURFACES),
    *((state, f"{state}-bg") for state in STATES),
    *(("text", f"{state}-bg") for state in STATES),
    *(("text-muted", "neutral-bg"), ("text-faint", "neutral-bg"), ("text", "bg-pressed")),
    *product(["danger"], ["bg", "bg-raised", "bg-sunken", "bg-hover"]),
    *((f"c{n}-text", f"c{n}-bg") for n in range(1, 13)),
    *product(["on-accent"], ["accent-solid", "accent-solid-hover", "danger-solid", "danger-solid-hover"]),
]
#: Borders of controls, focus rings, dots and bars: 3:1 is what parts of the interface need.
PARTS = [
    *product(["border-control", "focus"], ["bg", "bg-raised", "bg-sunken"]),
    *product([f"c{n}-solid" for n in range(1, 13)], ["bg", "bg-raised"]),
]


def _luminance(colour: str) -> float:
    def linear(byte: str) -> float:
        value = int(byte, 16) / 255
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(colour[at : at + 2]) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _too_faint(pairs: list[tuple[str, str]], *, theme: str, least: float) -> list[str]:
    at = THEMES[theme]
    found = [(front, back, _contrast(COLOURS[front][at], COLOURS[back][at])) for front, back in pairs]
    return [f"{front} on {back}: {ratio:.2f}" for front, back, ratio in found if ratio < least]


@pytest.mark.parametrize("theme", THEMES)
def test_text_stands_out_four_and_a_half_times(theme: str) -> None:
    assert _too_faint(TEXTS, theme=theme, least=4.5) == []


@pytest.mark.parametrize("theme", THEMES)
def test_controls_and_marks_stand_out_three_times(theme: str) -> None:
    assert _too_faint(PARTS, theme=theme, least=3.0) == []


def test_the_measure_is_the_known_one() -> None:
    assert _contrast("#000000", "#ffffff") == pytest.approx(21)
    assert _contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)
