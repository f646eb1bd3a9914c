"""Changes of labels and epics. Renaming leaves the carriers' `updated_at` alone, deleting does not."""

from __future__ import annotations

from tracker_sandbox.entities import Epic, Label, Project, Values
from tracker_sandbox.ledger import Ledger


class LabelChanges(Ledger):
    """The part of World that changes labels and epics."""

    def ensure_labels(self, project: Project, names: list[str]) -> tuple[list[int], list[Values]]:
        """Ids of the labels of these names in the given order, with a change for each that had to be made."""
        ids: list[int] = []
        changes: list[Values] = []
        for name in names:
            label = self.label_named(project, name)
            if label is None:
                label = self._new_label(project, name)
                changes.append(self.creation("label", label_values(label), name=label.name))
            if label.id not in ids:
                ids.append(label.id)
        return ids, changes

    def _new_label(self, project: Project, name: str) -> Label:
        now = self.clock.now()
        label = Label(self.next_id(), project.id, name.strip().lower(), now, now)
        self.labels[label.id] = label
        project.label_ids.append(label.id)
        return label

    def create_label(self, project_id: int, name: str, *, by: int | None = None) -> Label:
        """A new label; ValueError when the project has one of this name."""
        with self.lock:
            project = self.projects[project_id]
            if self.label_named(project, name):
                raise ValueError(f"The project has a label {name!r} already.")
            label = self._new_label(project, name)
            changes = [self.creation("label", label_values(label), name=label.name)]
            self._record_label(project, label, "label_create", "created", changes, by)
            return label

    def rename_label(self, label_id: int, name: str, *, by: int | None = None) -> Label:
        """Give the label another name; its id and its carriers' `updated_at` stay."""
        with self.lock:
            label = self.labels[label_id]
            project = self.projects[label.project_id]
            twin = self.label_named(project, name)
            if twin is not None and twin is not label:
                raise ValueError(f"The project has a label {name!r} already.")
            change = self.update(
                "label",
                label.id,
                {"name": label.name, "updated_at": label.updated_at},
                {"name": name.strip().lower(), "updated_at": self.clock.now()},
                name=name.strip().lower(),
            )
            label.name, label.updated_at = name.strip().lower(), self.clock.now()
            self._record_label(project, label, "label_update", "renamed", [change], by)
            return label

    def merge_labels(self, label_id: int, *, into: int, by: int | None = None) -> None:
        """Put `into` in the place of the label on every carrier (and epic), and drop the label."""
        with self.lock:
            label, target = self.labels[label_id], self.labels[into]
            project = self.projects[label.project_id]
            if target.project_id != project.id or target is label:
                raise ValueError("Labels are merged into another label of the same project.")
            changes = [self.deletion("label", label.id, name=label.name)]
            changes += self._relabel(project, label, replacement=target)
            for epic_id in project.epic_rank:
                if self.epics[epic_id].label_id == label.id:
                    self.epics[epic_id].label_id = target.id
            self._drop_label(project, label)
            self._record_label(project, target, "label_merge", "merged", changes, by)

    def delete_label(self, label_id: int, *, by: int | None = None) -> None:
        """Drop the label; every carrier gets a new `updated_at`. ValueError when an epic owns the label."""
        with self.lock:
            label = self.labels[label_id]
            project = self.projects[label.project_id]
            if any(self.epics[i].label_id == label.id for i in project.epic_rank):
                raise ValueError("The label belongs to an epic; delete the epic first.")
            changes = [self.deletion("label", label.id, name=label.name)]
            changes += self._relabel(project, label, replacement=None)
            self._drop_label(project, label)
            self._record_label(project, label, "label_delete", "deleted", changes, by)

    def _relabel(self, project: Project, label: Label, *, replacement: Label | None) -> list[Values]:
        changes = []
        for story in self.stories_with_label(project, label.id):
            before = self.label_names(story.label_ids)
            ids = [i for i in story.label_ids if i != label.id]
            if replacement is not None and replacement.id not in ids:
                ids.append(replacement.id)
            original: Values = {"label_ids": list(story.label_ids), "labels": before}
            story.label_ids = ids
            changes.append(self.touch(story, original, {"label_ids": list(ids), "labels": self.label_names(ids)}))
        return changes

    def _drop_label(self, project: Project, label: Label) -> None:
        project.label_ids.remove(label.id)
        del self.labels[label.id]

    def label_names(self, label_ids: list[int]) -> list[str]:
        """The names of these labels in the same order."""
        return [self.labels[i].name for i in label_ids]

    def _record_label(
        self, project: Project, label: Label, kind: str, did: str, changes: list[Values], by: int | None
    ) -> None:
        what = f'{"labels" if did == "created" else "label"}: "{label.name}"'
        primary: Values = {"kind": "label", "id": label.id, "name": label.name}
        self.record(project, kind=kind, did=did, what=what, changes=changes, primary=[primary], by=by)

    def create_epic(
        self,
        project_id: int,
        name: str,
        *,
        label: str | None = None,
        description: str | None = None,
        by: int | None = None,
    ) -> Epic:
        """A new epic, with its label (named like the epic unless said otherwise)."""
        with self.lock:
            project = self.projects[project_id]
            ids, changes = self.ensure_labels(project, [label or name])
            now = self.clock.now()
            epic = Epic(self.next_id(), project.id, name, ids[0], now, now, description=description)
            self.epics[epic.id] = epic
            project.epic_rank.append(epic.id)
            values: Values = {"id": epic.id, "project_id": project.id, "name": name, "label_id": ids[0]}
            if description:
                values["description"] = description
            values.update(created_at=now, updated_at=now)
            changes.append(self.creation("epic", values, name=name))
            self._record_epic(project, epic, "epic_create", "added", changes, by)
            return epic

    def update_epic(
        self, epic_id: int, *, name: str | None = None, description: str | None = None, by: int | None = None
    ) -> Epic:
        """Rename or describe an epic anew; its label keeps its own name."""
        with self.lock:
            epic = self.epics[epic_id]
            original: Values = {"updated_at": epic.updated_at}
            new: Values = {"updated_at": self.clock.now()}
            if name is not None:
                original["name"], new["name"], epic.name = epic.name, name, name
            if description is not None:
                original["description"], new["description"] = epic.description, description
                epic.description = description
            epic.updated_at = self.clock.now()
            change = self.update("epic", epic.id, original, new, name=epic.name)
            self._record_epic(self.projects[epic.project_id], epic, "epic_update", "edited", [change], by)
            return epic

    def delete_epic(self, epic_id: int, *, by: int | None = None) -> None:
        """Drop the epic; its label stays, on the stories too."""
        with self.lock:
            epic = self.epics.pop(epic_id)
            project = self.projects[epic.project_id]
            project.epic_rank.remove(epic.id)
            changes = [self.deletion("epic", epic.id, name=epic.name)]
            self._record_epic(project, epic, "epic_delete", "deleted", changes, by)

    def _record_epic(
        self, project: Project, epic: Epic, kind: str, did: str, changes: list[Values], by: int | None
    ) -> None:
        primary: Values = {"kind": "epic", "id": epic.id, "name": epic.name}
        self.record(project, kind=kind, did=did, what="this epic", changes=changes, primary=[primary], by=by)


def label_values(label: Label) -> Values:
    """A new label's values as an activity shows them."""
    return {
        "id": label.id,
        "project_id": label.project_id,
        "name": label.name,
        "created_at": label.created_at,
        "updated_at": label.updated_at,
    }
