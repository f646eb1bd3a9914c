"""Every address of the site. What belongs to an account stands below /a/<its slug>/."""

from __future__ import annotations

from django.urls import include, path

from accounts import views as account_views
from accounts.views.sessions import end_session
from accounts.views.unsubscribe import unsubscribe
from roadmunk import health, metrics

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("", account_views.home, name="home"),
    path("auth/", include("allauth.account.urls")),
    path("auth/second-factor/", include("allauth.mfa.urls")),
    path("auth/sessions/<int:session_id>/end/", end_session, name="session-end"),
    path("auth/sessions/", include("allauth.usersessions.urls")),
    path("invitations/", include("accounts.invitation_urls")),
    path("unsubscribe/<str:token>/", unsubscribe, name="unsubscribe"),
    path("a/<slug:account_slug>/settings/", include("accounts.urls")),
    path("a/<slug:account_slug>/", include("integrations.urls")),
    path("a/<slug:account_slug>/", include("roadmaps.urls")),
]

handler403 = "roadmunk.pages.forbidden"
handler500 = "roadmunk.pages.server_error"
