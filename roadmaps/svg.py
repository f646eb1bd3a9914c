"""Writes SVG that holds together whatever names are in it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

Length = float | int | str


def element(name: str, *children: str, **attributes: Length | None) -> str:
    """An element around children that are markup already. None leaves an attribute out; "_" stands for "-"."""
    given = ((key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items() if value is not None)
    head = "".join(f" {key}={quoteattr(_write(value))}" for key, value in given)
    return f"<{name}{head}>{''.join(children)}</{name}>" if children else f"<{name}{head}/>"


def text(content: str, x: float, y: float, **attributes: Length | None) -> str:
    """A line of text, escaped, its foot at that place."""
    return element("text", escape(clean(content)), x=x, y=y, **attributes) if content else ""


def path(*strokes: str, **attributes: Length | None) -> str:
    """A path of strokes that are written already."""
    return element("path", d="".join(strokes), **attributes)


def line(x: float, y: float, *, to_x: float | None = None, to_y: float | None = None) -> str:
    """A stroke straight to the right or down, for `path`."""
    return f"M{_write(x)} {_write(y)}" + (f"H{_write(to_x)}" if to_x is not None else f"V{_write(to_y or 0)}")


def group(children: Iterable[str], **attributes: Length | None) -> str:
    """Several elements as one."""
    return element("g", "".join(children), **attributes)


def clean(content: str) -> str:
    """Without what XML can't hold, however it is escaped."""
    return "".join(each for each in content if each >= " " and each not in "\x7f\ufffe\uffff")


def _write(value: Length) -> str:
    if isinstance(value, str):
        return clean(value)
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
