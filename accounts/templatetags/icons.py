"""`{% icon "search" "icon--sm" %}`, in every template without a `{% load %}`: a page shows a hundred of them."""

from __future__ import annotations

from functools import lru_cache

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
@lru_cache(maxsize=1000)
def icon(name: str, classes: str = "") -> SafeString:
    """A symbol of `icons.svg`, hidden from those who listen; what it means must stand beside it, or in a label."""
    more = f" {classes}" if classes else ""
    svg = '<svg class="icon{}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>'
    return format_html(svg, more, static("icons.svg"), name)
