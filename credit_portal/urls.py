"""Addresses, by the faces that this process serves. A face that it does not serve has none here."""

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path
from django.utils.module_loading import autodiscover_modules

from casework.office import site

FACES = settings.PORTAL_FACES

urlpatterns: list[object] = []
if FACES & {"public", "agency"}:
    urlpatterns.append(path("api/v1/", include("disclosure.api_urls")))
if "agency" in FACES:
    urlpatterns.append(path("api/v1/", include("records.api_urls")))
if "office" in FACES:
    autodiscover_modules("admin")
    urlpatterns.append(path("admin/", site.urls))
if "public" in FACES:
    # English stands under /en/, Chinese without a prefix; the language is in the address, never in a cookie.
    urlpatterns += i18n_patterns(path("", include("disclosure.urls")), prefix_default_language=False)

handler400 = "casework.problems.bad_request"
handler403 = "casework.problems.forbidden"
handler404 = "casework.problems.not_found"
handler500 = "casework.problems.failed"
