"""One browser signed out from another. The list, and the end of all others, are allauth's."""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST


@require_POST
@login_required
def end_session(request: HttpRequest, session_id: int) -> HttpResponse:
    """Sign out one of one's own browsers at once; this one by the way that everybody signs out."""
    session = get_object_or_404(UserSession, pk=session_id, user=request.user.pk)
    if session.is_current():
        return redirect("account_logout")
    session.end()
    messages.success(request, "That browser is signed out.")
    return redirect("usersessions_list")
