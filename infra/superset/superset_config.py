"""Superset's settings. Everything that differs between lakes comes from the environment that `xihu.engines.superset` makes."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import yaml

# Trino's Python client obeys these before the certificate it is given.
for _name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
    os.environ.pop(_name, None)

HOME = Path(os.environ["SUPERSET_HOME"]).absolute()
XIHU_HOME = Path(os.environ["XIHU_HOME"]).absolute()

SECRET_KEY = os.environ["SUPERSET_SECRET_KEY"]
SQLALCHEMY_DATABASE_URI = f"sqlite:///{HOME}/superset.db?check_same_thread=false"
SQLALCHEMY_ENGINE_OPTIONS = {"connect_args": {"timeout": 30}}  # seconds to wait for another thread's write
DATA_DIR = str(HOME)

APP_NAME = "西湖 · 杭州市政务数据湖"
BABEL_DEFAULT_LOCALE = "zh"
LANGUAGES = {"zh": {"flag": "cn", "name": "中文"}, "en": {"flag": "us", "name": "English"}}
D3_FORMAT = {"decimal": ".", "thousands": ",", "grouping": [3], "currency": ["¥", ""]}
DEFAULT_TIME_FILTER = "No filter"

_cache = {"CACHE_TYPE": "FileSystemCache", "CACHE_DEFAULT_TIMEOUT": 3600, "CACHE_THRESHOLD": 5000}
CACHE_CONFIG = {**_cache, "CACHE_DIR": str(HOME / "cache" / "meta")}
DATA_CACHE_CONFIG = {**_cache, "CACHE_DIR": str(HOME / "cache" / "data")}
FILTER_STATE_CACHE_CONFIG = {
    **_cache,
    "CACHE_DIR": str(HOME / "cache" / "filter"),
    "REFRESH_TIMEOUT_ON_RETRIEVAL": True,
    "CACHE_DEFAULT_TIMEOUT": int(timedelta(days=90).total_seconds()),
}
EXPLORE_FORM_DATA_CACHE_CONFIG = {**_cache, "CACHE_DIR": str(HOME / "cache" / "explore"), "REFRESH_TIMEOUT_ON_RETRIEVAL": True}

FEATURE_FLAGS = {
    "DASHBOARD_RBAC": True,
    "CACHE_IMPERSONATION": True,  # the person's name is part of every chart's cache key: two people never share a cached answer
    "ENABLE_TEMPLATE_PROCESSING": True,
    "HORIZONTAL_FILTER_BAR": True,
    "ALERT_REPORTS": False,
    "EMBEDDED_SUPERSET": False,
}
ROW_LIMIT = 5000
SUPERSET_WEBSERVER_TIMEOUT = 120
WTF_CSRF_ENABLED = True
ENABLE_PROXY_FIX = False
PUBLIC_ROLE_LIKE = None
AUTH_USER_REGISTRATION = False
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_NAME = (
    f"xihu_superset_{os.environ.get('XIHU_PORT_SUPERSET', '8088')}"  # cookies ignore ports: two lakes on one machine keep apart
)
PERMANENT_SESSION_LIFETIME = timedelta(hours=8)

# No external host at all: no telemetry, no web map, no font server.
TALISMAN_ENABLED = True
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "font-src": ["'self'"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "object-src": "'none'",
        "style-src": ["'self'", "'unsafe-inline'"],
        "script-src": ["'self'", "'strict-dynamic'"],
        "frame-ancestors": ["'self'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,
    "session_cookie_secure": False,
}


def DB_CONNECTION_MUTATOR(uri, params, username, security_manager, source):
    """Adds the service's password and the lake's certificate when a connection is opened: neither lies in Superset's database."""
    if uri.get_backend_name() != "trino":
        return uri, params
    known = yaml.safe_load((XIHU_HOME / "secrets" / "passwords.yaml").read_text("utf-8"))
    port = int(os.environ.get("XIHU_PORT_TRINO_HTTPS", "8443"))
    uri = uri.set(username="superset", password=known["superset"], host="127.0.0.1", port=port)
    connect = params.setdefault("connect_args", {})
    connect.update(http_scheme="https", verify=os.environ["XIHU_TRINO_CA"], source="Apache Superset", timezone="Asia/Shanghai")
    return uri, params
