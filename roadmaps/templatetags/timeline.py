"""`{% timeline_streams chart %}` for the Timeline's page."""

from __future__ import annotations

from django import template
from django.template import RequestContext
from django.urls import reverse
from django.utils.safestring import SafeString

from roadmaps.rows import Place
from roadmaps.timeline_bars import write_streams
from roadmaps.timeline_page import Chart

register = template.Library()


@register.simple_tag(takes_context=True)
def timeline_streams(context: RequestContext, chart: Chart) -> SafeString:
    """The streams of a chart with all bars; of the context it needs account, roadmap and editable."""
    here = [context["account"].slug, context["roadmap"].pk, 0]
    place = Place(reverse("roadmaps:item", args=here).removesuffix("0/"), context["editable"])
    return SafeString(write_streams(chart, place))
