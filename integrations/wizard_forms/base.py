"""What the forms of all steps have in common."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from integrations.wizard import Step, Wizard


class StepForm(forms.Form):
    """A step's form. `store` writes into the draft; the view saves it."""

    #: What the view says after the step, where there is something to say.
    said = ""

    def __init__(self, *args: Any, wizard: Wizard, step: Step, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.wizard = wizard
        self.step = step
        self.prepare()

    def prepare(self) -> None:
        """Give the fields their choices and what is chosen now. May raise errors of `integrations.errors`."""

    def store(self) -> None:
        """Write the valid form into the draft."""
        raise NotImplementedError


def known(keys: Iterable[str], choices: Iterable[tuple[object, object]]) -> list[str]:
    """Those of the keys that can be chosen, in their own order."""
    offered = {key for key, _ in choices}
    return [key for key in keys if key in offered]
