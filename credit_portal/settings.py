"""Settings of every face, from the environment. docs/settings.md is made from this file.

PORTAL_FACE says which faces this process serves; faces differ in URLs, middleware and databases, never in installed apps.
"""

from pathlib import Path
from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from credit_portal import env

BASE_DIR = Path(__file__).resolve().parent.parent
VAR = Path(env.text("PORTAL_VAR", str(BASE_DIR / "var")))

# --- Who we are -------------------------------------------------------------------------------------------------------
RELEASE = "0.1.0"
PORTAL_ENV = env.text("PORTAL_ENV", "demo")  # "demo" or "production": what the posture check asks for
PORTAL_FACES = env.words("PORTAL_FACE", "public,business,agency,office", {"public", "business", "agency", "office"})
PUBLIC_ONLY = frozenset({"public"}) == PORTAL_FACES
PORTAL_BASE_URL = env.text("PORTAL_BASE_URL", "http://127.0.0.1:8000")
PORTAL_DEMO = PORTAL_ENV == "demo"

DEBUG = env.flag("PORTAL_DEBUG", False)
SECRET_KEY = env.secret("PORTAL_SECRET_KEY")
if not SECRET_KEY:
    if PORTAL_ENV == "production":
        raise ImproperlyConfigured("PORTAL_SECRET_KEY or PORTAL_SECRET_KEY_FILE is not set.")
    SECRET_KEY = "demo-only-never-in-production"  # noqa: S105  the posture check refuses it in production
SECRET_KEY_FALLBACKS = [key for key in env.secret("PORTAL_SECRET_KEY_FALLBACKS").split(",") if key]
ALLOWED_HOSTS = sorted(env.words("PORTAL_HOSTS", "127.0.0.1,localhost"))

# --- Personal data: keys stand in files, never in the database and never in the public face ---------------------------
PORTAL_CRYPTO = env.text("PORTAL_CRYPTO", "aes")  # "sm": SM4-GCM and HMAC-SM3
PORTAL_BOX_RING_FILE = env.text("PORTAL_BOX_RING_FILE", str(VAR / "secrets" / "box_ring"))
PORTAL_DIGEST_RING_FILE = env.text("PORTAL_DIGEST_RING_FILE", str(VAR / "secrets" / "digest_ring"))
PORTAL_TAG_KEY_FILE = env.text("PORTAL_TAG_KEY_FILE", str(VAR / "secrets" / "tag_key"))
PORTAL_ATTACHMENTS = Path(env.text("PORTAL_ATTACHMENTS", str(VAR / "attachments")))

# --- Database: PostgreSQL only, under real roles ----------------------------------------------------------------------
ROLES = {"app": "portal_app", "owner": "portal_owner", "auditor": "portal_auditor", "reader": "portal_reader"}
URLS = {
    "app": env.text("DATABASE_URL"),
    "reader": env.text("DATABASE_PUBLIC_URL"),
    "owner": env.text("DATABASE_OWNER_URL"),
    "auditor": env.text("DATABASE_AUDITOR_URL"),
}
# One URL only: the same login plays every role by SET ROLE. Good for a demo; the posture check refuses it in production.
ONE_URL = not URLS["reader"]


def database(part: str) -> dict[str, Any]:
    """Connection of one part ("app", "reader", "owner", "auditor") of the portal."""
    url = URLS[part] or URLS["app"]
    if not url:
        raise ImproperlyConfigured("DATABASE_URL is not set. bin/run starts a PostgreSQL of its own when it is absent.")
    made: dict[str, Any] = dict(dj_database_url.parse(url, engine="credit_portal.postgres"))
    made["OPTIONS"] = {**made.get("OPTIONS", {}), "application_name": f"portal-{part}"}
    if ONE_URL and URLS["app"]:
        made["OPTIONS"]["assume_role"] = ROLES[part]
    made["CONN_MAX_AGE"] = 60
    made["CONN_HEALTH_CHECKS"] = True
    made["ATOMIC_REQUESTS"] = False  # the verb owns the transaction
    return made


DATABASE_AS = env.text("PORTAL_DATABASE_AS", "reader" if PUBLIC_ONLY else "app")
if PUBLIC_ONLY and not URLS["app"]:
    URLS["app"] = URLS["reader"]
DATABASES = {"default": database(DATABASE_AS), "public": database("reader")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Broker: hints only; lose it and nothing is lost ------------------------------------------------------------------
REDIS_URL = env.text("REDIS_URL")
CELERY_BROKER_URL = REDIS_URL or "memory://"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "Asia/Shanghai"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 600,
    "unacked_restore_interval": 10,  # else a killed worker's message waits 100 s whatever the time-out says
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
    # Who sends a hint asks a broker that is away twice and gives up at once; by default every act would wait six seconds.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
}

# --- Apps, in the order of the staircase (top first) ------------------------------------------------------------------
INSTALLED_APPS = [
    "unfold",  # before the admin whose templates and scripts it replaces
    "django.contrib.admin.apps.SimpleAdminConfig",  # our own site (casework.office), no default one
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "pgtrigger",
    "rest_framework",
    "drf_spectacular",
    "casework",
    "accounts",
    "catalogs",
    "subjects",
    "records",
    "disclosure",
    "credit_portal",
]
PGTRIGGER_MIGRATIONS = True
AUTH_USER_MODEL = "accounts.User"

MIDDLEWARE = [
    "credit_portal.middleware.request_id",
    "credit_portal.middleware.isolation",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "credit_portal.middleware.one_slash",
    "django.middleware.common.CommonMiddleware",
    # The back office only: no other page knows a session or sets a cookie.
    "casework.office_only.Sessions",
    "casework.office_only.Csrf",
    "casework.office_only.Authentication",
    "casework.office_only.Messages",
    "accounts.middleware.office_session",
    "casework.office_only.LoginRequired",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
APPEND_SLASH = False  # `one_slash` answers 308, so that method and body are kept
ROOT_URLCONF = "credit_portal.urls"
WSGI_APPLICATION = "credit_portal.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# --- The back office: sign-in, sessions, cookies (D12) ----------------------------------------------------------------
IS_HTTPS = PORTAL_BASE_URL.startswith("https://")
LOGIN_URL = "admin:login"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
SHORTEST_PASSWORD = 12
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": SHORTEST_PASSWORD},
    },
    {"NAME": "accounts.passwords.CommonPasswords"},
]
SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_NAME = "__Host-office" if IS_HTTPS else "office"
SESSION_COOKIE_AGE = 30 * 60  # idle
SESSION_LONGEST = 10 * 60 * 60  # from the sign-in, whatever is done
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_COOKIE_NAME = "__Host-office-csrf" if IS_HTTPS else "office-csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_TRUSTED_ORIGINS = [PORTAL_BASE_URL] if IS_HTTPS else []
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# --- Language and time ------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

# --- Static files -----------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "static_root"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True

# --- Headers ----------------------------------------------------------------------------------------------------------
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = env.number("PORTAL_HSTS_SECONDS", 0)
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

# --- REST API ---------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["casework.permissions.Nobody"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "disclosure.openapi_keys.KeyCallSchema",
    "EXCEPTION_HANDLER": "casework.problems.answer",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Credit portal API",
    "DESCRIPTION": "Credit status of market subjects, by unified social credit code.",
    "VERSION": "v1",
    "SERVE_INCLUDE_SCHEMA": False,
}

# --- Logs: JSON lines from an allow-list ------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"lines": {"()": "casework.logs.JsonLines"}},
    "handlers": {"err": {"class": "logging.StreamHandler", "formatter": "lines"}},
    "root": {"handlers": ["err"], "level": "INFO"},
    "loggers": {"django.server": {"handlers": ["err"], "level": "WARNING", "propagate": False}},
}
