"""Settings, read once from the environment. A bad value names itself and stops the start."""

from __future__ import annotations

import ipaddress
import os
import secrets
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

DEMO_MARK = "demonstration"
LOCALES = ("zh_CN", "en")
# Requests that one process serves at once. On SQLite those that write wait for one commit together: more threads make
# a commit carry more of them. On PostgreSQL each has a connection of its own, and more only wait for each other.
THREADS = {"sqlite": 32, "postgresql": 16}


class BadSetting(SystemExit):
    """A setting that cannot be used. Ends the process with one sentence and status 1."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name}: {why}")
        self.name = name


@dataclass(frozen=True)
class Settings:
    """What an operator can set. Times in seconds unless the name says otherwise."""

    instance: Path
    database_url: str
    secret_key: str = field(repr=False)
    redis_url: str | None = field(default=None, repr=False)
    bind: str = "127.0.0.1"
    port: int = 8000
    web_workers: int = 1
    web_threads: int = 16
    demo: bool = False
    trusted_proxies: int = 0
    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))
    default_locale: str = "zh_CN"
    log_level: str = "INFO"
    serving: bool = False

    @property
    def on_loopback(self) -> bool:
        """Whether the address that we bind to reaches this machine alone."""
        if self.bind == "localhost":
            return True
        return _is_address(self.bind) and ipaddress.ip_address(self.bind).is_loopback


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _whole(env: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = env.get(name, "").strip()
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise BadSetting(name, f"expected a whole number from {least} to {most}, found {text!r}")
    return int(text)


def _switch(env: Mapping[str, str], name: str) -> bool:
    text = env.get(name, "").strip().lower()
    if text in ("", "0", "false", "no", "off"):
        return False
    if text in ("1", "true", "yes", "on"):
        return True
    raise BadSetting(name, f"expected 1 or 0, found {text!r}")


def read_settings(env: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of ``env`` (the process environment by default). Raises ``BadSetting``."""
    env = os.environ if env is None else env
    instance = Path(env.get("INSTANCE") or "instance").resolve()
    try:
        (instance / "keys").mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise BadSetting("INSTANCE", f"cannot use {instance}: {error.strerror}") from None
    if not os.access(instance, os.W_OK) or not os.access(instance / "keys", os.W_OK):
        raise BadSetting("INSTANCE", f"cannot write to {instance}")
    url = env.get("DATABASE_URL") or f"sqlite:///{instance / 'site.sqlite3'}"
    if url.startswith(("postgres://", "postgresql://")):
        url = "postgresql+psycopg://" + url.split("://", 1)[1]
    if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise BadSetting("DATABASE_URL", "expected sqlite:///… or postgresql+psycopg://…")
    if url == "sqlite:///:memory:" or url == "sqlite:///":
        raise BadSetting("DATABASE_URL", "SQLite needs a file here; an in-memory database would lose every answer")
    try:
        make_url(url)
    except (ArgumentError, ValueError):
        # The address may hold a password, so it is not repeated.
        raise BadSetting(
            "DATABASE_URL", "not an address like postgresql+psycopg://user:password@host:5432/name"
        ) from None
    # The mark is left by `demo load`, so that a demonstration is recognised at each later start.
    demo = _switch(env, "DEMO") or (instance / DEMO_MARK).exists()
    secret = env.get("SECRET_KEY") or (_kept_secret(instance) if demo else "")
    if len(secret) < 16:
        raise BadSetting("SECRET_KEY", "set a random value of at least 16 characters (not needed with DEMO=1)")
    try:
        zone = ZoneInfo(env.get("TIMEZONE") or "Asia/Shanghai")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # An OSError is a folder of zones, such as Asia alone.
        raise BadSetting("TIMEZONE", f"no such time zone: {env['TIMEZONE']!r}") from None
    locale = (env.get("DEFAULT_LOCALE") or "zh_CN").replace("-", "_")
    if locale not in LOCALES:
        raise BadSetting("DEFAULT_LOCALE", f"expected one of {', '.join(LOCALES)}, found {locale!r}")
    level = (env.get("LOG_LEVEL") or "INFO").upper()
    if level not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise BadSetting("LOG_LEVEL", f"expected DEBUG, INFO, WARNING or ERROR, found {level!r}")
    bind = (env.get("BIND") or "127.0.0.1").strip()
    if bind != "localhost" and not _is_address(bind):
        raise BadSetting("BIND", f"expected an IP address of this machine, found {bind!r}")
    redis_url = env.get("REDIS_URL") or None
    if redis_url and not redis_url.startswith(("redis://", "rediss://", "unix://")):
        raise BadSetting("REDIS_URL", "expected an address like redis://host:6379/0")
    settings = Settings(
        instance=instance,
        database_url=url,
        secret_key=secret,
        redis_url=redis_url,
        bind=bind,
        port=_whole(env, "PORT", 8000, 1, 65535),
        web_workers=_whole(env, "WEB_WORKERS", 1, 1, 64),
        web_threads=_whole(env, "WEB_THREADS", THREADS[make_url(url).get_backend_name()], 1, 128),
        demo=demo,
        trusted_proxies=_whole(env, "TRUSTED_PROXIES", 0, 0, 5),
        timezone=zone,
        default_locale=locale,
        log_level=level,
        serving=_switch(env, "SERVING"),
    )
    if settings.web_workers > 1 and url.startswith("sqlite"):
        raise BadSetting("WEB_WORKERS", "SQLite is served by one process; use PostgreSQL for several")
    if demo and not settings.on_loopback:
        raise BadSetting("BIND", "the demonstration has printed passwords and is served on loopback only")
    if not settings.on_loopback and not settings.trusted_proxies:
        raise BadSetting("BIND", "beyond loopback a proxy must terminate TLS in front of the site: set TRUSTED_PROXIES")
    return settings


def _kept_secret(instance: Path) -> str:
    """Return the demonstration's own secret, made at its first start (mode 0600)."""
    return read_or_make_key(instance / "keys" / "demo_secret").hex()


def read_or_make_key(path: Path) -> bytes:
    """Return the 32 random bytes kept at ``path``; make them (mode 0600) where there are none yet.

    The file gets its name only when it is whole, and only if nobody was faster: web server and scheduler start
    together, and one that read half a key would seal with it.
    """
    if not path.exists():
        descriptor, half = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_bytes(32))
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):
                os.link(half, path)
        finally:
            os.unlink(half)
    return path.read_bytes()


def documents_key(settings: Settings) -> bytes:
    """Return the key of the verification codes of certificates, transcripts and slips; made where there is none."""
    return read_or_make_key(settings.instance / "keys" / "certificates.key")
