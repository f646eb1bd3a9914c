"""`{% rollup_bar row %}` and `{% rollup_story story %}` for the Roll-up's page."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString

from roadmaps import rollup_bars
from roadmaps.rollup_page import Row, Story

register = template.Library()


@register.simple_tag
def rollup_bar(row: Row) -> SafeString:
    """The bar of a row."""
    return rollup_bars.write_bar(row)


@register.simple_tag
def rollup_story(story: Story, url: str) -> SafeString:
    """The bar of an item, whose card is at `url`."""
    return rollup_bars.write_story(story, url)
