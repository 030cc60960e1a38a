"""Addresses of the intake, under /api/v1/ on the face `agency`."""

from django.urls import path

from records import api

urlpatterns = [
    path("intake/", api.Intake.as_view(), name="intake"),
    path("intake/<str:public_id>/", api.Batch.as_view(), name="intake_batch"),
    path("intake/<str:public_id>/rows/", api.BatchRows.as_view(), name="intake_rows"),
    path("intake/<str:public_id>/verdict/", api.BatchVerdict.as_view(), name="intake_verdict"),
]
