"""Changes of comments, tasks, blockers and reviews. Each of them raises its story's `updated_at`."""

from __future__ import annotations

from tracker_sandbox.entities import Blocker, Comment, Review, ReviewType, Story, Task, Values
from tracker_sandbox.ledger import Ledger


class RemarkChanges(Ledger):
    """The part of World that changes comments, tasks, blockers and reviews."""

    def add_comment(self, story_id: int, text: str, *, by: int | None = None) -> Comment:
        """A comment on a story."""
        with self.lock:
            story, now = self.stories[story_id], self.clock.now()
            author = self.member_id(self.projects[story.project_id], by)
            comment = Comment(self.next_id(), text, author, now, now, story_id=story.id)
            story.comments.append(comment)
            values: Values = {"id": comment.id, "story_id": story.id, "text": text, "person_id": author}
            values.update(created_at=now, updated_at=now, file_attachment_ids=[], google_attachment_ids=[])
            values.update(attachment_ids=[], file_attachments=[], google_attachments=[])
            self._note(story, "comment_create", "added comment:", f'"{text}"', self.creation("comment", values), by)
            return comment

    def delete_comment(self, story_id: int, comment_id: int, *, by: int | None = None) -> None:
        """Take a comment away."""
        with self.lock:
            story = self.stories[story_id]
            story.comments = [comment for comment in story.comments if comment.id != comment_id]
            self._note(story, "comment_delete", "deleted comment", "", self.deletion("comment", comment_id), by)

    def add_task(self, story_id: int, description: str, *, complete: bool = False, by: int | None = None) -> Task:
        """A task at the end of the story's list."""
        with self.lock:
            story, now = self.stories[story_id], self.clock.now()
            task = Task(self.next_id(), story.id, description, complete, len(story.tasks) + 1, now, now)
            story.tasks.append(task)
            values: Values = {"id": task.id, "story_id": story.id, "description": description}
            values.update(complete=complete, position=task.position, created_at=now, updated_at=now)
            what = f'"{description}"'
            self._note(story, "task_create", "added task:", what, self.creation("task", values), by)
            return task

    def complete_task(self, story_id: int, task_id: int, *, by: int | None = None) -> None:
        """Tick the task off."""
        with self.lock:
            story = self.stories[story_id]
            task = next(task for task in story.tasks if task.id == task_id)
            task.complete, task.updated_at = True, self.clock.now()
            change = self.update("task", task.id, {"complete": False}, {"complete": True})
            self._note(story, "task_update", "completed task:", f'"{task.description}"', change, by)

    def add_blocker(self, story_id: int, description: str, *, by: int | None = None) -> Blocker:
        """Something stands in the story's way; `#id` in the text means another story."""
        with self.lock:
            story, now = self.stories[story_id], self.clock.now()
            person = self.member_id(self.projects[story.project_id], by)
            blocker = Blocker(self.next_id(), story.id, person, description, False, now, now)
            story.blockers.append(blocker)
            values: Values = {"id": blocker.id, "story_id": story.id, "description": description}
            values.update(person_id=person, resolved=False, created_at=now, updated_at=now)
            what = f'"{description}"'
            self._note(story, "blocker_create", "added blocker:", what, self.creation("blocker", values), by)
            return blocker

    def resolve_blocker(self, story_id: int, blocker_id: int, *, by: int | None = None) -> None:
        """The blocker is out of the way."""
        with self.lock:
            story = self.stories[story_id]
            blocker = next(one for one in story.blockers if one.id == blocker_id)
            blocker.resolved, blocker.updated_at = True, self.clock.now()
            change = self.update("blocker", blocker.id, {"resolved": False}, {"resolved": True})
            self._note(story, "blocker_update", "resolved blocker:", f'"{blocker.description}"', change, by)

    def add_review(
        self, story_id: int, review_type: ReviewType, *, reviewer_id: int | None = None, by: int | None = None
    ) -> Review:
        """Ask for a review."""
        with self.lock:
            story, now = self.stories[story_id], self.clock.now()
            review = Review(self.next_id(), story.id, review_type, "unstarted", now, now, reviewer_id=reviewer_id)
            story.reviews.append(review)
            values: Values = {"id": review.id, "story_id": story.id, "status": "unstarted"}
            values.update(review_type_id=review_type.id, created_at=now, updated_at=now)
            self._note(story, "review_create", "added review", "", self.creation("review", values), by)
            return review

    def _note(self, story: Story, kind: str, did: str, what: str, change: Values, by: int | None) -> None:
        project = self.projects[story.project_id]
        changes = [change, self.touch(story)]
        primary = [self.story_reference(story)]
        self.record(project, kind=kind, did=did, what=what, changes=changes, primary=primary, by=by)
