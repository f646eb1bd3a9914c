"""The API's error answers: a status, a code that clients decide on, and hints for people."""

from __future__ import annotations

from tracker_sandbox.entities import Json, Values

_SENTENCES = {
    "invalid_parameter": "One or more request parameters was missing or invalid.",
    "invalid_authentication": "Invalid authentication credentials were presented.",
    "unauthorized_operation": "Authorization failure.",
    "unfound_resource": "The object you tried to access could not be found.  It may have been removed, "
    "you may be using the ID of another object type, or you may be at the wrong point in a tree.",
    "route_not_found": "The path you requested has no valid endpoint.",
    "api_internal_error": "The server failed unexpectedly on this request; this may be transient.",
}


class ApiError(Exception):
    """An answer other than 200. `details` join the body, such as `general_problem` and `possible_fix`."""

    def __init__(self, status: int, code: str, **details: Json) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.details = details

    def body(self) -> Values:
        """The JSON body."""
        return {"code": self.code, "kind": "error", "error": _SENTENCES[self.code], **self.details}


def invalid_parameter(problem: str) -> ApiError:
    """400: a parameter is unknown, malformed, or stands beside one that it may not stand beside."""
    return ApiError(400, "invalid_parameter", general_problem=problem)


def invalid_authentication() -> ApiError:
    """403: no token, a wrong one, or one that was revoked."""
    fix = "Check that the X-TrackerToken header holds the API token from your profile page."
    return ApiError(403, "invalid_authentication", possible_fix=fix)


def unauthorized_operation() -> ApiError:
    """403: a live token without a right to this project. A deleted project answers the same."""
    return ApiError(
        403,
        "unauthorized_operation",
        general_problem="You aren't authorized to access the requested resource.",
        possible_fix="This may be the wrong project, its API access may be switched off, or one of its "
        "owners needs to change your membership.",
    )


def unfound_resource() -> ApiError:
    """404: no such object, or not at this place."""
    return ApiError(404, "unfound_resource")


def route_not_found() -> ApiError:
    """404: no such path, or not by this method."""
    return ApiError(404, "route_not_found")
