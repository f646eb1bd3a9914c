"""Addresses of connectors and credentials in Account Settings, and of a roadmap's link, setup and syncs."""

from __future__ import annotations

from django.urls import path

from integrations.views import answers, credentials, integrations, news, previews, runs, wizard

app_name = "integrations"

OF_ROADMAP = "roadmaps/<int:roadmap_id>/integration/"

urlpatterns = [
    path("settings/integrations/", integrations.integrations, name="integrations"),
    path("settings/integrations/add/<slug:kind>/", integrations.add, name="integration-add"),
    path("settings/integrations/<int:integration_id>/edit/", integrations.edit, name="integration-edit"),
    path("settings/integrations/<int:integration_id>/delete/", integrations.delete, name="integration-delete"),
    path("settings/credentials/", credentials.credentials, name="credentials"),
    path("settings/credentials/add/<slug:kind>/", credentials.add, name="credential-add"),
    path("settings/credentials/<int:credential_id>/rename/", credentials.rename, name="credential-rename"),
    path("settings/credentials/<int:credential_id>/replace/", credentials.replace, name="credential-replace"),
    path("settings/credentials/<int:credential_id>/move/", credentials.move, name="credential-move"),
    path("settings/credentials/<int:credential_id>/check/", credentials.check, name="credential-check"),
    path("settings/credentials/<int:credential_id>/delete/", credentials.delete, name="credential-delete"),
    path("roadmaps/<int:roadmap_id>/news/", news.news_list, name="news"),
    path("roadmaps/<int:roadmap_id>/news/seen/", news.seen, name="news-seen"),
    path(f"{OF_ROADMAP}setup/", wizard.start, name="setup"),
    path(f"{OF_ROADMAP}setup/discard/", wizard.discard, name="setup-discard"),
    path(f"{OF_ROADMAP}setup/<slug:step_name>/", wizard.step, name="setup-step"),
    path(f"{OF_ROADMAP}setup/preview/<slug:purpose>/", previews.part, name="setup-preview"),
    path(f"{OF_ROADMAP}setup/preview/<slug:purpose>/cancel/", previews.cancel, name="preview-cancel"),
    path(f"{OF_ROADMAP}ready/", wizard.ready, name="setup-ready"),
    path(f"{OF_ROADMAP}sync/", runs.sync_now, name="sync-now"),
    path(f"{OF_ROADMAP}status/", runs.status, name="sync-status"),
    path(f"{OF_ROADMAP}runs/", runs.runs, name="run-list"),
    path(f"{OF_ROADMAP}runs/<int:run_id>/", runs.run, name="run-detail"),
    path(f"{OF_ROADMAP}runs/<int:run_id>/apply/", answers.apply, name="run-apply"),
    path(f"{OF_ROADMAP}runs/<int:run_id>/keep/", answers.keep, name="run-keep"),
    path(f"{OF_ROADMAP}runs/<int:run_id>/cancel/", answers.cancel, name="run-cancel"),
    path(f"{OF_ROADMAP}runs/<int:run_id>/undo/", answers.undo, name="run-undo"),
]
