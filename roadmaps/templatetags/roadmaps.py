"""Filters for the pages of a roadmap."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString

from roadmaps import markdown as renderer

register = template.Library()


@register.filter
def markdown(text: str) -> SafeString:
    """A text in Markdown as sanitised HTML."""
    return renderer.render(text)
