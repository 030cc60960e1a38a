"""The public calls under /api/v1/. What is not here does not exist: 404."""

from django.urls import path

from disclosure import api

urlpatterns = [
    path("subjects/", api.SearchCall.as_view(), name="api_search"),
    path("subjects/<str:code>/status/", api.status, name="api_status"),
    path("subjects/<str:code>/records/", api.SubjectRecordsCall.as_view(), name="api_subject_records"),
    path("subjects/<str:code>/", api.SubjectCall.as_view(), name="api_subject"),
    path("records/<str:id>/", api.RecordCall.as_view(), name="api_record"),
    path("acts/", api.ActsCall.as_view(), name="api_acts"),
    path("catalogue-items/", api.CatalogueItemsCall.as_view(), name="api_catalogue_items"),
    path("catalogue-items/<str:item>/", api.CatalogueItemCall.as_view(), name="api_catalogue_item"),
    path("catalogue-items/<str:item>/editions/", api.CatalogueItemEditionsCall.as_view(), name="api_editions"),
    path("working-days/", api.WorkingDaysCall.as_view(), name="api_working_days"),
    path("about/", api.AboutCall.as_view(), name="api_about"),
    path("problems/", api.ProblemsCall.as_view(), name="api_problems"),
    path("problems/<str:problem>/", api.ProblemTypeCall.as_view(), name="api_problem"),
    path("schema/", api.SchemaCall.as_view(), name="api_schema"),
    path("health/live/", api.LiveCall.as_view(), name="api_live"),
    path("health/ready/", api.ReadyCall.as_view(), name="api_ready"),
]
