"""One settings file; everything that differs between installations comes from the environment.

Without DATABASE_URL the installation is "embedded": PostgreSQL and Redis run as children of `manage.py up`,
secrets are made on the first start, and the demo account is there. With DATABASE_URL it is a production
installation, and a missing secret is a refusal to start.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import django_stubs_ext
import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from kombu import Queue

from roadmunk import secrets
from roadmunk.refusals import why_not
from roadmunk.sandbox import read_sandbox

BASE_DIR = Path(__file__).resolve().parent.parent
# Lets classes of Django that are generic for the type checker, such as ModelForm, be written so.
django_stubs_ext.monkeypatch()

env = environ.Env()
env.read_env(BASE_DIR / ".env")

DATA_DIR = BASE_DIR / env.str("DATA_DIR", ".data")
#: Sockets live in a short, private directory that `run` links to: a socket's path may have only 107 bytes.
RUN_DIR = Path(os.path.realpath(DATA_DIR / "run"))
EMBEDDED = not env.str("DATABASE_URL", "")
EMBEDDED_REDIS = not env.str("REDIS_URL", "")
DEBUG = env.bool("DEBUG", False)
PORT = env.int("PORT", 8000)

_own_secrets = secrets.load_or_make(DATA_DIR / "secrets.env") if EMBEDDED else {}


def _secret(name: str) -> str:
    value = env.str(name, "") or _own_secrets.get(name, "")
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. Set it in the environment or .env; see .env.example.")
    return value


SECRET_KEY = _secret("SECRET_KEY")
#: Keys that seal credentials: base64 of 32 bytes each, the newest first.
CREDENTIAL_KEYS = [key.strip() for key in _secret("CREDENTIAL_KEYS").split(",") if key.strip()]
#: Ids of keys that are gone for good: the site starts although secrets are sealed under them.
LOST_KEYS = env.list("LOST_KEYS", default=[])

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
if _refusal := why_not(secret_key=SECRET_KEY, credential_keys=CREDENTIAL_KEYS, debug=DEBUG, hosts=ALLOWED_HOSTS):
    raise ImproperlyConfigured(_refusal)
#: Plain HTTP on one machine, as opposed to HTTPS from outside.
INTERNAL_HTTP = EMBEDDED or DEBUG

# --- What the site is made of

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_htmx",
    "roadmunk",
    "accounts",
    "roadmaps",
    "integrations",
]

MIDDLEWARE = [
    # First what adds headers, so that also a refusal by what follows has them.
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "roadmunk.headers.guard_answers",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "roadmunk.request_log.log_requests",
    "roadmunk.methods.only_forms_and_looks",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.middleware.outside_of_accounts",
]

ROOT_URLCONF = "roadmunk.urls"
WSGI_APPLICATION = "roadmunk.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "roadmunk.demo.context",
            ],
            "builtins": ["accounts.templatetags.icons"],
        },
    }
]
FORM_RENDERER = "roadmunk.rendering.Renderer"

# --- Where data lives


def _database() -> dict[str, Any]:
    if EMBEDDED:
        # The role is neither superuser nor owner of the cluster, so that the database can bind it.
        server: dict[str, Any] = {"ENGINE": "django.db.backends.postgresql", "HOST": str(RUN_DIR)}
        server |= {"NAME": "roadmunk", "USER": "roadmunk"}
    else:
        server = env.db("DATABASE_URL")
    options = {"connect_timeout": CONNECT_SECONDS, **server.get("OPTIONS", {})}
    return {**server, "OPTIONS": options, "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True, **_POOLABLE}


#: Nothing is left on a connection between two transactions, so that a pooler may stand in between.
_POOLABLE = {"DISABLE_SERVER_SIDE_CURSORS": True}
#: A server that does not answer must not hold a page longer than this.
CONNECT_SECONDS = 5
DATABASES = {"default": _database()}
REDIS_URL = f"unix://{RUN_DIR}/redis.sock" if EMBEDDED_REDIS else env.str("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_connect_timeout": CONNECT_SECONDS, "socket_timeout": CONNECT_SECONDS},
    }
}

# Celery writes a unix socket, and the number of the database on it, in its own way.
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
# By weight (integrations/sync/queues.py); a worker without -Q takes from each in turn.
CELERY_TASK_QUEUES = [Queue(name) for name in ("celery", "changes", "whole")]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_ENABLE_UTC = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
#: Else Celery closes the connection to the database with each task, and a new one costs as much as a sync that finds
#: nothing new. Its age ends it, as a page's (see roadmunk.celery).
CELERY_DB_REUSE_MAX = sys.maxsize
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": 2,
    "socket_timeout": 30,
    "visibility_timeout": 3600,
    # Who sends does not wait for a queue that is away: the row is there, and the next tick sends again.
    "max_retries": 1,
    "interval_start": 0,
}
#: Seconds between two looks for due links. What came due since the last one begins all at once, so the rarer the looks
#: are, the longer pages wait for a processor; a look that finds nothing costs 13 ms among 10,000 links.
DISPATCH_SECONDS = 1
LETTERS_SECONDS = 15
PRUNE_SECONDS = 600
#: Days for which runs and what they changed are kept; 0: for ever.
KEEP_HISTORY_DAYS = env.int("KEEP_HISTORY_DAYS", 90)
CELERY_BEAT_SCHEDULER = "roadmunk.beat:SteadyScheduler"
#: After this time a look that no worker took is not worth taking. Far more than two clocks may differ, because a worker
#: judges by its own whether beat's message is too old.
_EXPIRES = 2 * 3600
CELERY_BEAT_SCHEDULE = {
    "dispatch": {
        "task": "integrations.tasks.dispatch",
        "schedule": DISPATCH_SECONDS,
        "options": {"expires": _EXPIRES},
    },
    "letters": {
        "task": "integrations.tasks.send_letters",
        "schedule": LETTERS_SECONDS,
        "options": {"expires": _EXPIRES},
    },
    "prune": {"task": "roadmunk.tasks.prune", "schedule": PRUNE_SECONDS, "options": {"expires": _EXPIRES}},
}

# --- Trackers

_set_urls = {
    name.removesuffix("_URL").lower(): value.rstrip("/")
    for name, value in os.environ.items()
    if name.endswith("_TRACKER_URL") and value
}
#: The demo's own Tracker; an address that the operator sets takes its place.
SANDBOX = read_sandbox(DATA_DIR) if EMBEDDED and "pivotal_tracker" not in _set_urls else None
#: Address of each connector's server where one is set, by kind; tenants never type a host.
CONNECTOR_URLS: Mapping[str, str] = ({"pivotal_tracker": SANDBOX.url} if SANDBOX else {}) | _set_urls
#: Whether a tracker may be on loopback or a private network. Else its address is refused when a connection is opened.
ALLOW_PRIVATE_TRACKERS = env.bool("ALLOW_PRIVATE_TRACKERS", INTERNAL_HTTP)
MIN_SYNC_MINUTES = env.int("MIN_SYNC_MINUTES", 5 if EMBEDDED else 15)
TRACKER_REQUESTS_PER_SECOND = env.float("TRACKER_REQUESTS_PER_SECOND", 2.0)
TRACKER_REQUESTS_AT_ONCE = env.int("TRACKER_REQUESTS_AT_ONCE", 3)

# --- People

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.ConfirmedAddressBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_FORMS = {
    "signup": "accounts.forms.SignUpForm",
    "reset_password": "accounts.forms.ResetForm",
    "reset_password_from_key": "accounts.forms.NewPasswordForm",
}
#: One address per person: a new one takes the old one's place as soon as it is confirmed.
ACCOUNT_CHANGE_EMAIL = True
#: Who holds an address may reset the password, so a session that was left open is not enough to change it.
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "optional" if EMBEDDED else "mandatory"
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = True
#: A letter to the person whenever password, address or second factor change.
ACCOUNT_EMAIL_NOTIFICATIONS = True
#: Guesses at a password: at sign-in for an address and a name, and in a session where the old one is asked for. Counted
#: in Redis, so for all processes together.
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key", "change_password": "5/5m/user"}
#: Proxies in front of the site, each of which adds the address that it was called from to X-Forwarded-For.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXIES", 0 if INTERNAL_HTTP else 1)

MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Roadmunk"
MFA_ADAPTER = "integrations.second_factor.SealedAdapter"
MFA_FORMS = {"activate_totp": "integrations.second_factor.SealedActivateForm"}


def _site_url() -> str:
    if EMBEDDED:
        return f"http://127.0.0.1:{PORT}"
    host = ALLOWED_HOSTS[0].lstrip(".") if ALLOWED_HOSTS else "localhost"
    return f"http://{host}:{PORT}" if INTERNAL_HTTP else f"https://{host}"


MAIL_DIR = DATA_DIR / "mail"
if env.str("EMAIL_URL", ""):
    vars().update(env.email_url("EMAIL_URL"))
elif EMBEDDED:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = MAIL_DIR
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = f"Roadmunk <roadmunk@{ALLOWED_HOSTS[0].lstrip('.') if ALLOWED_HOSTS else 'localhost'}>"

#: Where links in e-mails lead, which no request's address can tell.
SITE_URL = env.str("SITE_URL", "").rstrip("/") or _site_url()

# --- How pages travel

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Nobody uploads anything: files in a form are read past and never reach memory, disk or view.
FILE_UPLOAD_HANDLERS: list[str] = []
# As the umask says, so that an embedded installation keeps all its files to itself.
FILE_UPLOAD_PERMISSIONS = None
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
if not INTERNAL_HTTP:
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"
    MESSAGE_STORAGE = "roadmunk.messages.Messages"
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = ["^healthz$", "^readyz$", "^metrics$"]
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True

LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"

#: Who knows it may read /metrics; without one there is no such page.
METRICS_TOKEN = env.str("METRICS_TOKEN", "")
#: "json" for machines, "line" for people.
LOG_FORMAT = env.str("LOG_FORMAT", "line" if INTERNAL_HTTP else "json")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {"()": "roadmunk.logs.JsonFormatter"},
        "line": {"()": "roadmunk.logs.LineFormatter"},
    },
    "filters": {
        "not_ready": {"()": "roadmunk.health.NotReadyIsNoError"},
        "not_each_look": {"()": "roadmunk.logs.NotEachLook"},
        "route": {"()": "roadmunk.logs.RouteForPath"},
    },
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["not_ready", "route"]},
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    # Ours instead of theirs: Django's handlers of its own, and a line for each request that was no success.
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        "django.request": {"level": "ERROR"},
        "django.server": {"handlers": [], "propagate": True},
        # Celery's lines for each task that goes well: a look each second, and a run that has a line of ours.
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        "celery.beat": {"filters": ["not_each_look"]},
    },
}
