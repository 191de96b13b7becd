"""The site: ``create_app`` puts it together, always in the same order."""

from __future__ import annotations

import gc
import pkgutil
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from flask import Flask, Request, Response
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask_login import LoginManager
from flask_migrate import Migrate

from trainer.config import Settings, read_settings
from trainer.core.crypto import make_lane
from trainer.core.database import db, engine_options, retried
from trainer.core.process import die_with_parent
from trainer.core.steady import steady
from trainer.features import STACK

ROOT = Path(__file__).resolve().parent.parent
migrate = Migrate()
# New objects before the collector looks for cycles among them; a request makes a few hundred.
GC_OBJECTS = 20_000


class Flashes(SecureCookieSessionInterface):
    """Flask's signed cookie, which holds messages for the next page alone; without it nothing is made to verify it."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if self.get_cookie_name(app) not in request.cookies:
            return self.session_class()
        return super().open_session(app, request)


class Site(Flask):
    """Flask, with the whole of a request run again when PostgreSQL undid it because of a deadlock."""

    session_interface = Flashes()

    def dispatch_request(self):  # type: ignore[no-untyped-def]  # the signature is Flask's
        return retried(super().dispatch_request)

    def send_static_file(self, filename: str) -> Response:
        """Return a static file with its mark, packed where the browser takes that."""
        from trainer.web.assets import send

        return send(filename)

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return ``func``: nothing here is a coroutine, and looking for one at seven hooks a request costs."""
        return func


class SignedInPeople(LoginManager):  # type: ignore[misc]  # Flask-Login has no types
    """Flask-Login without its remember-me, for which it would look into the signed cookie after each request."""

    def _update_remember_cookie(self, response: Response) -> Response:
        return response


login_manager = SignedInPeople()


def create_app(settings: Settings | None = None) -> Flask:
    """Return the site, wired from ``settings`` (the environment by default). Makes no query."""
    settings = settings or read_settings()
    if settings.serving:
        die_with_parent()
    app = Site("trainer", root_path=str(ROOT), template_folder="templates", static_folder="static")
    app.config.update(
        SETTINGS=settings,
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings.database_url, settings.web_threads),
        MAX_CONTENT_LENGTH=16 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=4 * 1024 * 1024,
        MAX_FORM_PARTS=5000,
        SESSION_COOKIE_NAME="flashes",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=not settings.on_loopback,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=1),
        BABEL_DEFAULT_LOCALE=settings.default_locale,
        BABEL_DEFAULT_TIMEZONE=str(settings.timezone),
        BABEL_TRANSLATION_DIRECTORIES=str(ROOT / "trainer" / "translations"),
        DEFAULT_LOCALE=settings.default_locale,
        ZONE=settings.timezone,
        DEMO=settings.demo,
        RATELIMIT_STORAGE_URI=settings.redis_url or "memory://",
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # the default provider has it
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(demo_mode=settings.demo)

    from trainer.web import arrival, assets, csrf, errors, headers, limits, locale, menu, packing, quick, view

    headers.init_logging(settings.log_level)
    arrival.init_app(app)
    quick.init_app(app)
    headers.init_app(app, settings)
    make_lane(settings.instance, settings.web_threads)
    steady.keep_in(settings.instance)
    db.init_app(app)
    migrate.init_app(app, db, directory=str(ROOT / "trainer" / "migrations"), compare_type=True, render_as_batch=True)
    login_manager.init_app(app)
    locale.init_app(app)
    view.init_app(app)
    assets.init_app(app)
    packing.init_app(app)
    csrf.init_app(app)
    limits.init_app(app)
    menu.init_app(app)
    errors.init_app(app)
    for feature in STACK:
        _wire(app, feature)
    if settings.serving:
        # What is here now stays: the collector need not walk through it again and again while people write.
        gc.collect()
        gc.freeze()
        gc.set_threshold(GC_OBJECTS)
    return app


def modules_of(feature: str) -> list[str]:
    """Return the dotted names of the modules of a feature, those in its folders too."""
    package = import_module(f"trainer.{feature}")
    found = pkgutil.walk_packages(package.__path__, f"trainer.{feature}.")
    return sorted(module.name for module in found)


def _wire(app: Flask, feature: str) -> None:
    """Load a feature's tables and let each of its roofs put itself into the site."""
    if find_spec(f"trainer.{feature}") is None:
        return
    for name in modules_of(feature):
        role = name.rsplit(".", 1)[1]
        if role == "models":
            import_module(name)
        elif role in ("api", "cli") or role.endswith(("routes", "_api")):
            _register(app, import_module(name))


def _register(app: Flask, roof: ModuleType) -> None:
    blueprint = getattr(roof, "bp", None)
    if blueprint is not None:
        app.register_blueprint(blueprint)
    for command in getattr(roof, "commands", ()):
        app.cli.add_command(command)
    register = getattr(roof, "register", None)
    if register is not None:
        register(app)
