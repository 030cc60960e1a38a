"""Addresses of the public pages. Chinese stands without a prefix, English under /en/."""

from django.urls import path

from disclosure import search_views, views

app_name = "disclosure"

urlpatterns = [
    path("", views.home, name="home"),
    path("search", search_views.results, name="search"),
    path("search/suggest", search_views.suggestions, name="search_suggest"),
    path("subjects/<str:code>/", views.subject, name="subject"),
    path("subjects/<str:code>/<slug:tab>/", views.subject, name="subject_tab"),
    path("records/<str:public_id>/", views.record, name="record"),
    path("acts/", views.acts, name="acts"),
    path("catalogue/", views.catalogue, name="catalogue"),
    path("catalogue/<str:code>/", views.catalogue_item, name="catalogue_item"),
    path("help/", views.help_page, {"page": "index"}, name="help"),
    path("help/names/", views.help_page, {"page": "names"}, name="help_names"),
    path("help/working-days/", views.working_days, name="working_days"),
    path("help/objection/", views.help_page, {"page": "objection"}, name="help_objection"),
    path("help/repair/", views.help_page, {"page": "repair"}, name="help_repair"),
    path("help/about-data/", views.help_page, {"page": "about-data"}, name="help_about_data"),
    path("help/accessibility/", views.help_page, {"page": "accessibility"}, name="help_accessibility"),
    path("help/privacy/", views.help_page, {"page": "privacy"}, name="help_privacy"),
    path("help/api/", views.help_page, {"page": "api"}, name="help_api"),
]
