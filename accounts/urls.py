"""The tabs of Account Settings that are about people."""

from __future__ import annotations

from django.urls import path

from accounts.views import audit, profile, users

app_name = "accounts"

urlpatterns = [
    path("", profile.settings, name="settings"),
    path("profile/", profile.profile, name="profile"),
    path("account/", profile.account, name="account"),
    path("audit-log/", audit.audit_log, name="audit-log"),
    path("users/", users.users, name="users"),
    path("users/invite/", users.invite, name="invite"),
    path("users/<int:member_id>/role/", users.change_role, name="change-role"),
    path("users/<int:member_id>/deactivate/", users.deactivate, name="deactivate"),
    path("users/<int:member_id>/reactivate/", users.reactivate, name="reactivate"),
    path("users/invitations/<int:invitation_id>/resend/", users.resend, name="resend-invitation"),
    path("users/invitations/<int:invitation_id>/withdraw/", users.withdraw, name="withdraw-invitation"),
]
