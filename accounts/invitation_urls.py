"""Where the links in invitations lead; outside of the account, because the person is not in it yet."""

from __future__ import annotations

from django.urls import path

from accounts.views import invitations

app_name = "invitations"

urlpatterns = [
    path("<str:token>/", invitations.invitation, name="show"),
    path("<str:token>/accept/", invitations.accept, name="accept"),
    path("<str:token>/join/", invitations.join, name="join"),
]
