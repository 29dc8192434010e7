"""All settings, from the environment. A wrong one stops the start and says so.

Where DATABASE_URL is not set, `$BWV_DATA/env` is read: the file that the embedded
stack writes, so that `manage.py` works in a clone whose stack has been started once.
"""

from datetime import date
from pathlib import Path
from typing import cast

import django_stubs_ext
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from environs import Env, validate

from evidence.people.table import PASSKEY_ROLES as PASSKEY_ROLES_OF_THE_TABLE

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
env = Env()
DATA_DIR = Path(env.str("BWV_DATA", str(BASE_DIR / ".data"))).resolve()
if not env.str("DATABASE_URL", "") and (DATA_DIR / "env").is_file():
    env.read_env(str(DATA_DIR / "env"), recurse=False)


def required(name: str) -> str:
    """A setting without which nothing can start."""
    value: str = env.str(name, "")
    if not value:
        raise ImproperlyConfigured(
            f"{name} is not set. Start the embedded stack once with `make run`, "
            "or set it to your own service (docs/operating.md lists every variable)."
        )
    return value


def secret(name: str) -> str:
    """A secret from NAME, or from the file that NAME_FILE names."""
    path = env.str(f"{name}_FILE", "")
    return Path(path).read_text().strip() if path else required(name)


# --- who we are -------------------------------------------------------------
DEBUG = env.bool("DEBUG", False)
SECRET_KEY = secret("SECRET_KEY")
# How many proxies stand before the web server; each adds an address to X-Forwarded-For.
TRUSTED_PROXIES = NINJA_NUM_PROXIES = ALLAUTH_TRUSTED_PROXY_COUNT = env.int(
    "BWV_TRUSTED_PROXIES", 0
)
PUBLIC_URL = env.str("BWV_PUBLIC_URL", "http://localhost:8000").rstrip("/")
SECURE = PUBLIC_URL.startswith("https://")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
FORCE_NAME = env.str("BWV_FORCE_NAME", "Demonstration force")
DEMO = env.bool("BWV_DEMO", False)

# --- footage ----------------------------------------------------------------
# When somebody looks again at a hold of which nobody chose the review date.
HOLD_REVIEW_DAYS = env.int("BWV_HOLD_REVIEW_DAYS", 182, validate=validate.Range(1, 731))
# What a crime reference of this force looks like, and a good one for the error's sentence.
CRIME_REFERENCE = env.str("BWV_CRIME_REFERENCE", r"\d{2}[A-Z]{2}/\d{1,7}/\d{2}")
CRIME_REFERENCE_EXAMPLE = env.str("BWV_CRIME_REFERENCE_EXAMPLE", "01AB/12345/26")
# The same for the URN of a case, in capitals.
URN = env.str("BWV_URN", r"\d{2}[A-Z]{2}/\d{4,7}/\d{2}")
URN_EXAMPLE = env.str("BWV_URN_EXAMPLE", "01AB/12345/26")
# How long the case's hold stays on footage that was unlinked after its own period had ended.
UNLINK_GRACE_DAYS = env.int("BWV_UNLINK_GRACE_DAYS", 14, validate=validate.Range(min=1))
# How a clip of exhibit AB/1 is marked: `number`, the producer's next (AB/2); `letter`, AB/1/A.
CLIP_MARKS = env.str("BWV_CLIP_MARKS", "number", validate=validate.OneOf(("number", "letter")))
CLIP_MINUTES = env.int("BWV_CLIP_MINUTES", 120, validate=validate.Range(min=1))

# --- custody ----------------------------------------------------------------
# The log's origin: a schema-less URL that never changes (C2SP tlog-checkpoint).
CUSTODY_ORIGIN = env.str("BWV_ORIGIN", "bwv.localhost/custody")
CUSTODY_FOLDER = f"{CUSTODY_ORIGIN}/"  # in the custody bucket
KEYS_DIR = Path(env.str("BWV_KEYS", str(DATA_DIR / "keys")))
# The log's public keys; the seeds beside them are only for the signer's own user.
KEYRING = Path(env.str("BWV_KEYRING", str(KEYS_DIR / "log.keyring")))
# Empty: the signer works inside this process, which is for tests and small trials only.
SIGNER_URL = env.str("BWV_SIGNER_URL", "").rstrip("/")
SIGNER_TOKEN = secret("BWV_SIGNER_TOKEN") if SIGNER_URL else ""
SIGNER_STATE = Path(env.str("BWV_SIGNER_STATE", str(DATA_DIR / "signer" / "state.sqlite")))
CHECKPOINT_SECONDS = env.int("BWV_CHECKPOINT_SECONDS", 60)
TILES_SECONDS = env.int("BWV_TILES_SECONDS", 3600)
# COMPLIANCE: nobody can shorten it. What is locked so holds no personal data.
CUSTODY_LOCK_DAYS = env.int("BWV_CUSTODY_LOCK_DAYS", 7 * 365)
# "VKEY URL" of each witness, separated by commas.
_witnesses: list[str] = env.list("BWV_WITNESSES", [])
if any(len(item.split()) != 2 for item in _witnesses):
    raise ImproperlyConfigured(
        'BWV_WITNESSES is not "VKEY URL", or several with commas between. Each witness prints '
        "its VKEY when its key is made."
    )
WITNESSES = [(item.split()[0], item.split()[1].rstrip("/")) for item in _witnesses]
TSA_URL = env.str("BWV_TSA_URL", "")
TSA_CERTIFICATES = env.str("BWV_TSA_CERTIFICATES", "")  # PEM: the authority's root, and others
TSA_SECONDS = env.int("BWV_TSA_SECONDS", 3600)
# A file that was not read again for so long is shown in amber.
OLDEST_CHECK_DAYS = env.int("BWV_OLDEST_CHECK_DAYS", 365)
AUDIT_SECONDS = env.int("BWV_AUDIT_SECONDS", 24 * 3600)
# More recordings of others than this, opened within ten minutes, are shown to auditors.
UNUSUAL_MANY = env.int("BWV_UNUSUAL_MANY", 30)
# So many days after its period a dip sample can be drawn: cameras are docked late.
SAMPLE_SETTLE_DAYS = env.int("BWV_SAMPLE_SETTLE_DAYS", 7, validate=validate.Range(min=0))

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",  # the site is ours (config.admin), not the theme's
    "unfold.contrib.filters",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "config.apps.BwvAdminConfig",
    "config.apps.BwvConfig",
    "django_prometheus",
    "django_htmx",
    "csp",
    "evidence.store",
    "evidence.custody",
    "evidence.people",  # before allauth: its templates come first
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "evidence.recordings",
    "evidence.retention",
    "evidence.fixity",
    "evidence.cases",
    "evidence.exhibits",
    "evidence.complaints",
    "evidence.review",
    "evidence.sampling",
    "evidence.sharing",
    "evidence.audit",
    "ingest.devices",
    "ingest.uploads",
    "ingest.media",
    "ingest.renditions",
    "ingest.clips",
    "ingest.docks",
    "ingest.requests",
    "ingest.accounting",
    "ingest.moving",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "config.logs.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "config.security.HeadersMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.security.ApiProblemsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "evidence.people.middleware.SessionRules",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "config" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.context.house",
            ],
        },
    }
]

# --- database ---------------------------------------------------------------
required("DATABASE_URL")
DATABASES = {"default": env.dj_db_url("DATABASE_URL", conn_max_age=60, conn_health_checks=True)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- people -----------------------------------------------------------------
AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = ["evidence.people.backend.TableBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "evidence.people.passwords.NotTooLong"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "evidence.people.passwords.NotBreached"},
    {"NAME": "evidence.people.passwords.NotOurWords"},
]
# A file of sorted SHA-1 hashes, as Have I Been Pwned gives it out; it is never asked online.
BREACHED_PASSWORDS = env.str("BWV_BREACHED_PASSWORDS", "")
PASSWORD_RESET_TIMEOUT = 24 * 3600
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
# Roles that must sign in with a passkey; everybody else needs at least a code.
PASSKEY_ROLES = env.list("BWV_PASSKEY_ROLES", list(PASSKEY_ROLES_OF_THE_TABLE))
# How recently somebody must have proved who they are before export, share, hold, roles.
FRESH_SECONDS = env.int("BWV_FRESH_SECONDS", 300)
# `off`, `others` (footage that somebody else recorded) or `always`: ask why before showing.
VIEW_REASON = env.str(
    "BWV_VIEW_REASON", "others", validate=validate.OneOf(("off", "others", "always"))
)
ACCOUNT_ADAPTER = "evidence.people.adapters.AccountAdapter"
ACCOUNT_FORMS = {"reset_password": "evidence.people.forms.Forgotten"}
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = "username"
ACCOUNT_USER_MODEL_EMAIL_FIELD = "email"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_PRESERVE_USERNAME_CASING = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = FRESH_SECONDS
ACCOUNT_USERNAME_MIN_LENGTH = 1
# Passwords are slowed down by our own throttle; these hold for codes and resets.
ACCOUNT_RATE_LIMITS = {
    "login": "600/m/ip",
    "login_failed": "300/m/ip,10/15m/key",
    "reset_password": "60/m/ip,3/h/key",
    "reauthenticate": "10/m/user",
    "change_password": "5/m/user",
}
MFA_ADAPTER = "evidence.people.adapters.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SECURE  # http://localhost, for trials
# A code is marked as used for one period: with a tolerance it could be used twice.
MFA_TOTP_TOLERANCE = 0
MFA_TOTP_PERIOD = TOTP_SECONDS = 30
MFA_RECOVERY_CODE_COUNT = 10
MFA_RECOVERY_CODE_DIGITS = 12
MFA_RECOVERY_CODES_SHOW_ONCE = True
SOCIALACCOUNT_ADAPTER = "evidence.people.adapters.SsoAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_LOGIN_ON_GET = True
# The force's identity provider; empty: none. The client is registered there with the callback
# PUBLIC_URL/sign-in/sso/force/callback/
OIDC_URL = env.str("BWV_OIDC_URL", "").rstrip("/")
OIDC_NAME = env.str("BWV_OIDC_NAME", "your force account")
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "force",
                "name": OIDC_NAME,
                "client_id": env.str("BWV_OIDC_CLIENT", ""),
                "secret": secret("BWV_OIDC_SECRET") if OIDC_URL else "",
                "settings": {"server_url": OIDC_URL, "oauth_pkce_enabled": True},
            }
        ]
        if OIDC_URL
        else [],
    }
}
SESSION_IDLE_SECONDS = env.int("BWV_IDLE_SECONDS", 15 * 60)
SESSION_LONGEST_SECONDS = 12 * 60 * 60
SESSION_COOKIE_NAME = "__Host-session" if SECURE else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = SESSION_LONGEST_SECONDS
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"

# --- the object store -------------------------------------------------------
# AWS_S3_ENDPOINT_URL: how this system reaches the store.
# BWV_S3_PUBLIC_URL: how docks and browsers do (it stands in signed URLs).
S3_ENDPOINT = required("AWS_S3_ENDPOINT_URL")
S3_PUBLIC_URL = env.str("BWV_S3_PUBLIC_URL", S3_ENDPOINT).rstrip("/")
S3_REGION = env.str("AWS_S3_REGION_NAME", "us-east-1")
BUCKET_PREFIX = env.str("BWV_BUCKET_PREFIX", "bwv")


def _bucket(name: str) -> dict[str, object]:
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": f"{BUCKET_PREFIX}-{name}",
            "access_key": secret("AWS_ACCESS_KEY_ID"),
            "secret_key": secret("AWS_SECRET_ACCESS_KEY"),
            "endpoint_url": S3_ENDPOINT,
            "region_name": S3_REGION,
            "addressing_style": "path",
            "signature_version": "s3v4",
            "file_overwrite": False,
            "default_acl": None,
        },
    }


# Map tiles under the plan of a track, like https://tiles.example/{z}/{x}/{y}.png. Empty: a plain
# plan, and nobody outside learns where something was recorded.
TILES_URL = env.str("BWV_TILES_URL", "")
TILES_ORIGIN = "/".join(TILES_URL.split("/")[:3])

STORAGES: dict[str, dict[str, object]] = {
    "default": _bucket("renditions"),
    "originals": _bucket("originals"),
    "renditions": _bucket("renditions"),
    "custody": _bucket("custody"),
    "staticfiles": {"BACKEND": "config.static_files.ModulesStorage"},
}
# A second place for originals, kept in step by workers; no bucket's name: none.
REPLICA_BUCKET = env.str("BWV_REPLICA_BUCKET", "")
if REPLICA_BUCKET:
    STORAGES["replica"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            **cast(dict[str, object], STORAGES["originals"]["OPTIONS"]),
            "bucket_name": REPLICA_BUCKET,
            "endpoint_url": env.str("BWV_REPLICA_ENDPOINT", S3_ENDPOINT),
            "access_key": secret("BWV_REPLICA_ACCESS_KEY_ID"),
            "secret_key": secret("BWV_REPLICA_SECRET_ACCESS_KEY"),
            "region_name": env.str("BWV_REPLICA_REGION", S3_REGION),
        },
    }
# Stored files are read again at so many bytes a second, the longest unread first; 0: never.
FIXITY_BYTES_SECOND = env.int("BWV_FIXITY_BYTES_SECOND", 20_000_000, validate=validate.Range(min=0))
FIXITY_SECONDS = 60
# Docks' parts: 16 MiB keeps the agent's memory small and leaves 160 GB a file at 10,000 parts.
PART_SIZE = env.int("BWV_PART_SIZE", 16 * 1024 * 1024)
PART_URL_SECONDS = env.int("BWV_PART_URL_SECONDS", 3600)
PLAY_URL_SECONDS = env.int("BWV_PLAY_URL_SECONDS", 300)
# GOVERNANCE, not COMPLIANCE: footage must stay lawfully erasable (DPA 2018 s.47).
ORIGINAL_LOCK_DAYS = env.int("BWV_ORIGINAL_LOCK_DAYS", 31)
# Nothing is disposed of before it has been here so long, whenever it was recorded.
ARRIVAL_DAYS = env.int("BWV_ARRIVAL_DAYS", 7, validate=validate.Range(1, 366))
# So long a disposal can be undone. What a rule releases goes when its period ends, so its window
# begins so many days before; what two people release goes so many days after.
REMORSE_DAYS = env.int("BWV_REMORSE_DAYS", 7, validate=validate.Range(1, 366))
# At least so long, where a rule's period had ended before anybody noticed.
REMORSE_LEAST_HOURS = env.int("BWV_REMORSE_LEAST_HOURS", 24, validate=validate.Range(1, 24 * 30))
STORE_CAPACITY_BYTES = env.int("BWV_STORE_CAPACITY_BYTES", 0)
# Cheaper storage classes that the store really has and reads from at once, like STANDARD_IA.
# Empty: none, and nothing is ever moved.
COLD_CLASSES: list[str] = env.list("BWV_COLD_CLASSES", [])
# What one person outside may send by one request.
REQUEST_MOST_BYTES = env.int("BWV_REQUEST_MOST_BYTES", 20 * 2**30, validate=validate.Range(min=1))
REQUEST_MOST_FILES = env.int("BWV_REQUEST_MOST_FILES", 50, validate=validate.Range(min=1))
# The other store of a move (manage.py move_store): the new one until the switch, then the old one.
MOVE_ACCESS_KEY = env.str("BWV_MOVE_ACCESS_KEY_ID", "")
MOVE_SECRET_KEY = secret("BWV_MOVE_SECRET_ACCESS_KEY") if MOVE_ACCESS_KEY else ""
MOVE_REGION = env.str("BWV_MOVE_REGION", S3_REGION)
# The old store stays so long after the switch.
MOVE_KEEP_DAYS = env.int("BWV_MOVE_KEEP_DAYS", 14, validate=validate.Range(min=0))
STORE_ACCEPT_FAULTS = env.bool("BWV_STORE_ACCEPT_FAULTS", False)

# --- cache: throttles must count for all processes together -----------------
CACHE_URL = env.str("CACHE_URL", "") or required("CELERY_BROKER_URL")
if CACHE_URL.startswith("redis"):
    _cache = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": CACHE_URL}
else:
    _cache = {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}
CACHES = {"default": _cache}

# --- queue ------------------------------------------------------------------
CELERY_BROKER_URL = required("CELERY_BROKER_URL")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = env.int("BWV_TASK_SECONDS", 6 * 3600)
# Longer than the longest task: otherwise the broker hands a running task out twice.
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": CELERY_TASK_TIME_LIMIT + 1800}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_DEFAULT_QUEUE = "ingest"
CELERY_TASK_ROUTES = {
    "ingest.renditions.tasks.render": {"queue": "media"},
    "ingest.renditions.tasks.shrink": {"queue": "media"},
    "ingest.clips.tasks.cut": {"queue": "media"},
    # Hours over a large log: never in the way of a camera that waits for its receipt.
    "evidence.recordings.tasks.audit": {"queue": "upkeep"},
    "evidence.recordings.tasks.daily_mail": {"queue": "upkeep"},
    "evidence.recordings.tasks.make_package": {"queue": "upkeep"},
    "evidence.sharing.tasks.make_package": {"queue": "upkeep"},
    "evidence.complaints.tasks.digest": {"queue": "upkeep"},
    "evidence.complaints.tasks.nightly": {"queue": "upkeep"},
    "evidence.retention.tasks.dispose": {"queue": "upkeep"},
    "evidence.retention.tasks.sweep_due": {"queue": "upkeep"},
    "evidence.recordings.tasks.verify_recording": {"queue": "upkeep"},
    "evidence.sharing.tasks.warn": {"queue": "upkeep"},
    "ingest.accounting.tasks.count": {"queue": "upkeep"},
    "ingest.accounting.tasks.nightly": {"queue": "upkeep"},
    "ingest.accounting.tasks.cool": {"queue": "upkeep"},
    "evidence.fixity.tasks.sweep": {"queue": "upkeep"},
    "evidence.fixity.tasks.replicate": {"queue": "upkeep"},
    "ingest.moving.tasks.clear_disposed": {"queue": "upkeep"},
}
# An object that no row names yet may be a worker's that still works; nobody's after so long.
ACCOUNTING_GRACE_SECONDS = env.int("BWV_ACCOUNTING_GRACE_SECONDS", CELERY_TASK_TIME_LIMIT + 1800)
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
SWEEP_SECONDS = env.int("BWV_SWEEP_SECONDS", 30)
SEND_AGAIN_SECONDS = env.int("BWV_SEND_AGAIN_SECONDS", 600)
CELERY_BEAT_SCHEDULE = {
    "sweep uploads": {"task": "ingest.uploads.tasks.sweep", "schedule": SWEEP_SECONDS},
    "sweep media": {"task": "ingest.renditions.tasks.sweep", "schedule": SWEEP_SECONDS},
    "sweep small": {"task": "ingest.renditions.tasks.sweep_small", "schedule": SWEEP_SECONDS},
    "sweep clips": {"task": "ingest.clips.tasks.sweep", "schedule": SWEEP_SECONDS},
    "sweep holds": {"task": "evidence.retention.tasks.sweep", "schedule": SWEEP_SECONDS},
    "reckon periods": {"task": "evidence.retention.tasks.reckon", "schedule": 60},
    "end cases' grace": {"task": "evidence.cases.tasks.end_grace", "schedule": 3600},
    "sweep due": {"task": "evidence.retention.tasks.sweep_due", "schedule": 300},
    "dispose": {"task": "evidence.retention.tasks.dispose", "schedule": SWEEP_SECONDS},
    "extend locks": {"task": "evidence.retention.tasks.extend_locks", "schedule": 3600},
    "checkpoint": {"task": "evidence.custody.tasks.checkpoint", "schedule": CHECKPOINT_SECONDS},
    "anchor": {"task": "evidence.custody.tasks.anchor", "schedule": CHECKPOINT_SECONDS},
    "sweep search": {"task": "evidence.recordings.tasks.sweep_search", "schedule": 60},
    "sweep played": {"task": "evidence.recordings.tasks.sweep_played", "schedule": 60},
    "sweep packages": {"task": "evidence.recordings.tasks.sweep_packages", "schedule": 60},
    "sweep shares' packages": {
        "task": "evidence.sharing.tasks.sweep_packages",
        "schedule": 60,
    },
    "clear sessions": {"task": "evidence.people.tasks.clear_sessions", "schedule": 3600},
    # What waits longer than the next is sent is not waited for: no heap of them grows.
    "sweep fixity": {
        "task": "evidence.fixity.tasks.sweep",
        "schedule": FIXITY_SECONDS,
        "options": {"expires": FIXITY_SECONDS},
    },
    "sweep replica": {
        "task": "evidence.fixity.tasks.replicate",
        "schedule": FIXITY_SECONDS,
        "options": {"expires": FIXITY_SECONDS},
    },
    "audit": {"task": "evidence.recordings.tasks.audit", "schedule": AUDIT_SECONDS},
    "unusual looks": {"task": "evidence.audit.tasks.scan", "schedule": 300},
    "daily mail": {"task": "evidence.recordings.tasks.daily_mail", "schedule": 1800},
    "clear the other store": {"task": "ingest.moving.tasks.clear_disposed", "schedule": 3600},
    "shares' ends": {"task": "evidence.sharing.tasks.warn", "schedule": 3600},
    "complaints mail": {"task": "evidence.complaints.tasks.digest", "schedule": 1800},
    # Each asks once an hour whether the night's is still to be done.
    "accounting": {"task": "ingest.accounting.tasks.nightly", "schedule": 3600},
    "sweep accounting": {"task": "ingest.accounting.tasks.sweep", "schedule": 300},
    "cold storage": {"task": "ingest.accounting.tasks.cool", "schedule": 3600},
    "complaints' clocks": {"task": "evidence.complaints.tasks.nightly", "schedule": 6 * 3600},
}
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")

# --- media ------------------------------------------------------------------
MEDIA_SCRATCH = Path(env.str("BWV_SCRATCH", str(DATA_DIR / "scratch")))
# bwrap, or `none` where an operator accepts a decoder without a sandbox.
MEDIA_SANDBOX = env.str("BWV_MEDIA_SANDBOX", "bwrap", validate=validate.OneOf(("bwrap", "none")))
MEDIA_THREADS = env.int("BWV_MEDIA_THREADS", 2)

# --- language and time ------------------------------------------------------
LANGUAGE_CODE = "en-gb"
TIME_ZONE = "Europe/London"
USE_I18N = USE_TZ = True

# --- files of our own -------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("BWV_STATIC", str(DATA_DIR / "static")))
# What `bin/setup-frontend` builds from npm packages; a system check says when it is missing.
FRONTEND_DIR = BASE_DIR / "build" / "frontend"
STATICFILES_DIRS = [BASE_DIR / "config" / "static", ("frontend", FRONTEND_DIR)]

# --- mail -------------------------------------------------------------------
EMAIL_FILE_PATH = str(DATA_DIR / "mail")
if env.str("EMAIL_URL", ""):
    vars().update(env.dj_email_url("EMAIL_URL"))
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
# The demonstration shows that mail at /mail/. A system check keeps it off anywhere else.
CATCH_MAIL = env.bool("BWV_CATCH_MAIL", False)
DEFAULT_FROM_EMAIL = env.str("BWV_MAIL_FROM", "evidence@bwv.localhost")

# From this hour on (local time), for three hours: what is left, one mail a person a day.
MAIL_HOUR = env.int("BWV_MAIL_HOUR", 7, validate=validate.Range(0, 21))
# Whom to call about a camera that has to stay in its dock; stands on the docks' screens.
HELP_PHONE = env.str("BWV_HELP_PHONE", "")

# --- shares -----------------------------------------------------------------
# No share lasts longer, from its start to its end; each extension begins anew.
SHARE_MOST_DAYS = env.int("BWV_SHARE_MOST_DAYS", 90, validate=validate.Range(1, 366))
# What a share is offered to last: so long past the next day in court, or from now.
SHARE_DAYS = env.int("BWV_SHARE_DAYS", 14, validate=validate.Range(1, 366))
# A browser that proved itself is asked again after so long, and after so long without use.
SHARE_PROOF_SECONDS = env.int("BWV_SHARE_PROOF_SECONDS", 12 * 3600)
SHARE_IDLE_SECONDS = env.int("BWV_SHARE_IDLE_SECONDS", 3600)
# So many streams of shares at once in each web process: below its threads, which they hold.
SHARE_STREAMS = env.int("BWV_SHARE_STREAMS", 5, validate=validate.Range(1, 10_000))
# A stream asks so often whether its share still stands.
SHARE_CHECK_SECONDS = env.float("BWV_SHARE_CHECK_SECONDS", 1.0)

# --- complaints -------------------------------------------------------------
# Bank holidays in England that were proclaimed after the `holidays` package was published.
BANK_HOLIDAYS = env.list("BWV_BANK_HOLIDAYS", [], subcast=date.fromisoformat)
# The rules want the complainant to have a copy of the record and name no day.
RECORD_COPY_DAYS = env.int("BWV_RECORD_COPY_DAYS", 5, validate=validate.Range(1, 60))
# Who reviews outcomes unless the IOPC does: the local policing body, and where it is written to.
REVIEW_BODY_NAME = env.str("BWV_REVIEW_BODY_NAME", "Local Policing Body (demonstration)")
REVIEW_BODY_ADDRESS = env.str(
    "BWV_REVIEW_BODY_ADDRESS", "Complaint Reviews, 1 Example Street, London SW1A 0AA"
)
IOPC_ADDRESS = env.str("BWV_IOPC_ADDRESS", "PO Box 473, Sale M33 0BW")

# --- security of the pages --------------------------------------------------
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
SECURE_SSL_REDIRECT = env.bool("BWV_SSL_REDIRECT", SECURE)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE else None
# Not no-referrer: browsers then send "Origin: null" with every form, which CSRF must refuse.
# No address carries a secret, and other hosts get no referrer.
SECURE_REFERRER_POLICY = "same-origin"
CSRF_FAILURE_VIEW = "config.health.forged"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", S3_PUBLIC_URL, *([TILES_ORIGIN] if TILES_ORIGIN else [])],
        "media-src": [SELF, S3_PUBLIC_URL],
        "font-src": [SELF],
        "connect-src": [SELF],
        # A download is a form whose answer leads to the store.
        "form-action": [SELF, S3_PUBLIC_URL],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024  # no footage goes through Django

# --- logs -------------------------------------------------------------------
METRICS_ADDRESSES = env.list("BWV_METRICS_ADDRESSES", ["127.0.0.1", "::1"])
LOG_FORMAT = env.str("BWV_LOG_FORMAT", "json", validate=validate.OneOf(("json", "text")))
LOGGING_CONFIG = "config.logs.configure"
LOGGING = {"level": env.str("BWV_LOG_LEVEL", "INFO"), "format": LOG_FORMAT}

from config.unfold import UNFOLD  # noqa: E402, F401
