"""How every form of the site becomes HTML: Django's own way, except that no browser cuts off what somebody pastes."""

from __future__ import annotations

from django import forms
from django.forms.renderers import DjangoTemplates


class UncutField(forms.BoundField):
    """A field without `maxlength`: what is too long is said at the field, and nothing of it is quietly lost."""

    def build_widget_attrs(
        self, attrs: dict[str, str | bool], widget: forms.Widget | None = None
    ) -> dict[str, str | bool]:
        return {**super().build_widget_attrs(attrs, widget), "maxlength": False}


class Renderer(DjangoTemplates):
    """Django's renderer, for fields that are never cut."""

    bound_field_class = UncutField
