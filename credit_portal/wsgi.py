"""WSGI application of every face."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "credit_portal.settings")

application = get_wsgi_application()

from credit_portal.posture import refuse_to_serve_unsound  # noqa: E402  settings must be loaded first

refuse_to_serve_unsound()
