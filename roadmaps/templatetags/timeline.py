"""`{% timeline_bars lane.bars %}` for the Timeline's page."""

from __future__ import annotations

from collections.abc import Iterable

from django import template
from django.template import RequestContext
from django.urls import reverse
from django.utils.safestring import SafeString

from roadmaps.rows import Place
from roadmaps.timeline_bars import write_bar
from roadmaps.timeline_page import Bar

register = template.Library()


@register.simple_tag(takes_context=True)
def timeline_bars(context: RequestContext, bars: Iterable[Bar]) -> SafeString:
    """The bars of a lane; of the context it needs account, roadmap and editable."""
    here = [context["account"].slug, context["roadmap"].pk, 0]
    place = Place(reverse("roadmaps:item", args=here).removesuffix("0/"), context["editable"])
    return SafeString("".join(write_bar(bar, place) for bar in bars))
