"""Every way in which the outside can fail us, sorted by what happens next.

The message of each error is a sentence for the user: what happened and what to do. It never holds a response
body or a secret.
"""

from __future__ import annotations

from datetime import timedelta


class PullError(Exception):
    """A pull could not be finished. Nothing was written by it."""

    #: Stable name, stored on the run.
    code = "error"
    #: Whether trying again later, without anybody doing anything, can help.
    retry = True
    #: Whether the link stops until a person mends it.
    pauses = False


class CredentialRejected(PullError):
    """The tracker refuses the secret: it was reset, removed, or its owner's password changed."""

    code = "credential_rejected"
    retry = False
    pauses = True


class OwnerLeft(CredentialRejected):
    """We refuse the secret ourselves: whose it is may sync nothing here any more. The tracker is not asked."""

    code = "owner_left"

    def __init__(self, *, owner: str, account: str, is_reviewer: bool = False) -> None:
        now = "is a Reviewer of" if is_reviewer else "is no longer an active member of"
        back = "gives this member another role" if is_reviewer else "reactivates this member"
        super().__init__(
            f"The credentials belong to {owner[:120]}, who {now} {account[:80]}, so nothing was asked with them. "
            f"Syncing goes on with other credentials, or once an Account Admin {back}."
        )


class OtherHost(PullError):
    """We keep the secret to ourselves: it was given for another host than the operator's setting leads to now (W8)."""

    code = "other_host"

    def __init__(self, *, given_for: str, asked_now: str) -> None:
        super().__init__(
            f"The credentials were given for {given_for}, and this site asks {asked_now} now, so nothing was sent "
            "there. Replace the token if that is right; if not, the operator of this site has to set the address back."
        )


class ProjectUnavailable(PullError):
    """The secret is good, but the project is gone, archived, or no longer shared with its owner."""

    code = "project_unavailable"
    retry = False
    pauses = True


class RateLimited(PullError):
    """The tracker asks us to come back later."""

    code = "rate_limited"

    def __init__(self, message: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        #: How long the tracker asked us to wait, where it said so.
        self.retry_after = retry_after


class TrackerUnavailable(PullError):
    """No answer, or a server's error: time-out, refused connection, 5xx, maintenance page."""

    code = "tracker_unavailable"


class Inconsistent(PullError):
    """The project kept changing while it was listed, or the listing contradicts itself."""

    code = "inconsistent"


class UnexpectedResponse(PullError):
    """An answer that is not what the API promises: not JSON, too large, without ids."""

    code = "unexpected_response"


class PullRefused(PullError):
    """The tracker refuses our request as wrong (other 4xx): our fault, and trying again can't help."""

    code = "refused"
    retry = False
