"""The setup wizard as data: its steps, how far a draft has come, and where to go next.

"Modify Setup" is the same wizard over the link's own values: every step is open from the start, and there is no step
for the project, because that never changes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from django.urls import reverse

from accounts.models import Membership
from integrations import catalogue, promotion, registry, setup
from integrations.connectors.base import Connector
from integrations.models import Credential, ProjectLink, SetupDraft
from integrations.records import Description, FieldSpec, ProjectRef
from roadmaps.models import Roadmap

#: Dates that are looked at, one after the other, for Start and for End; the connector may suggest more.
DATE_CHOICES = 3


@dataclass(frozen=True, slots=True)
class Step:
    """One page. `name` stands in its address and in the draft's list of steps that are done."""

    name: str
    title: str
    holds: Callable[[Wizard], bool] = lambda wizard: True


@dataclass(frozen=True, slots=True)
class StepLink:
    """A step as the list beside the form shows it; `url` is empty where it can't be reached yet."""

    title: str
    url: str
    current: bool
    done: bool


STEPS = (
    Step("settings", "Synchronization settings", lambda wizard: wizard.draft.integration is not None),
    Step("credentials", "Credentials", lambda wizard: wizard.has_credential),
    Step("project", "Project", lambda wizard: bool(wizard.draft.project_id)),
    Step("filter", "Filter", lambda wizard: bool(wizard.draft.states)),
    Step("dates", "Dates"),
    Step("fields", "Fields"),
)
REVIEW = Step("review", "Review")
NEW_LINK = "new"
#: What a step builds on: where the first changes, the others must be looked at again.
LATER = {"project": ("filter", "dates", "fields")}


class Wizard:
    """Where one roadmap's setup stands, for its owner."""

    def __init__(self, roadmap: Roadmap, member: Membership) -> None:
        self.roadmap = roadmap
        self.member = member
        self.link: ProjectLink | None = setup.link_of(roadmap)
        self.draft: SetupDraft = setup.start_draft(roadmap, self.link)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps in order; a linked roadmap has none for its project."""
        return tuple(step for step in STEPS if not (self.link and step.name == "project"))

    def step(self, name: str) -> Step | None:
        """The step of that name, "review" included; None where there is none."""
        return next((step for step in (*self.steps, REVIEW) if step.name == name), None)

    def is_done(self, step: Step) -> bool:
        """Whether the step was saved and still holds."""
        return (self.link is not None or step.name in self.draft.done) and step.holds(self)

    @property
    def first_undone(self) -> Step:
        """Where to go on: the first step that is not done, else the review."""
        return next((step for step in self.steps if not self.is_done(step)), REVIEW)

    def can_reach(self, step: Step) -> bool:
        """Whether every step before it is done."""
        order = (*self.steps, REVIEW)
        return order.index(step) <= order.index(self.first_undone)

    def url(self, step: Step) -> str:
        """The step's own address."""
        return reverse("integrations:setup-step", args=[self.roadmap.account.slug, self.roadmap.pk, step.name])

    def before(self, step: Step) -> Step | None:
        """The step before it; None for the first."""
        order = (*self.steps, REVIEW)
        at = order.index(step)
        return order[at - 1] if at else None

    def after(self, step: Step) -> Step:
        """The step behind it."""
        order = (*self.steps, REVIEW)
        return order[order.index(step) + 1]

    def step_links(self, current: Step) -> list[StepLink]:
        """All steps for the list beside the form."""
        return [
            StepLink(
                title=step.title,
                url=self.url(step) if self.can_reach(step) else "",
                current=step == current,
                done=step != REVIEW and self.is_done(step),
            )
            for step in (*self.steps, REVIEW)
        ]

    def save(self, step: Step) -> None:
        """Keep the draft with that step done."""
        self.draft.done = [*(name for name in self.draft.done if name != step.name), step.name]
        setup.save_draft(self.draft)

    def reopen(self, *names: str) -> None:
        """Let the owner look at these steps again before the setup can be finished."""
        self.draft.done = [name for name in self.draft.done if name not in names]

    @property
    def review(self) -> Step:
        """The last page."""
        return REVIEW

    @property
    def state_of_link(self) -> str:
        """Stands in the form of the last page: a post that was made for another state is not carried out."""
        return f"version-{self.link.setup_version}" if self.link else NEW_LINK

    @property
    def link_or_new(self) -> ProjectLink:
        """The link, or one as it would be, which is not saved."""
        if self.link is not None:
            link = ProjectLink(pk=self.link.pk, account_id=self.link.account_id, kind=self.link.kind)
        else:
            link = ProjectLink(account_id=self.roadmap.account_id, kind=self.connector.kind)
        link.roadmap_id, link.lost_items = self.roadmap.pk, self.draft.lost_items
        return link

    # --- What the tracker says; asked at most once for a page

    @property
    def has_credential(self) -> bool:
        """Whether the chosen credentials may be used by this owner, for the chosen connector."""
        draft = self.draft
        kinds_agree = draft.integration is None or getattr(draft.credential, "kind", "") == draft.integration.kind
        return kinds_agree and setup.may_use(draft, self.member, current=self.link)

    @property
    def connector(self) -> Connector:
        """The connector of the chosen integration. Raises LookupError before there is one."""
        if self.draft.integration is None:
            raise LookupError("No integration is chosen yet.")
        return registry.get(self.draft.integration.kind)

    @property
    def credential(self) -> Credential:
        """The chosen credentials. Raises LookupError before there are any."""
        if self.draft.credential is None:
            raise LookupError("No credentials are chosen yet.")
        return self.draft.credential

    @cached_property
    def projects(self) -> list[ProjectRef]:
        """Every project that the chosen credentials see. Raises errors of `integrations.errors`."""
        return catalogue.list_projects(self.credential)

    @cached_property
    def description(self) -> Description:
        """What the chosen project offers. Raises errors of `integrations.errors`."""
        return catalogue.describe(self.credential, self.draft.project_id)

    @cached_property
    def offers(self) -> dict[str, FieldSpec]:
        """Everything of the project that can become a field, by key. Raises errors of `integrations.errors`."""
        return promotion.offers(self.description)

    @cached_property
    def field_names(self) -> dict[str, str]:
        """The name that each offer has, or will have, as a field of the account."""
        return promotion.field_names(self.roadmap.account, self.connector, self.offers.values())
