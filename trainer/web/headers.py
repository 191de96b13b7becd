"""What every answer carries: security headers, no caching of personal pages, the request's id, a request log line."""

from __future__ import annotations

import json
import logging
from typing import Any

from flask import Flask, Response, g, request
from werkzeug.middleware.proxy_fix import ProxyFix

from trainer.config import Settings
from trainer.core.clock import utcnow
from trainer.core.errors import Forbidden
from trainer.core.process import Core
from trainer.web import quick
from trainer.web.quick import HSTS, SLOW_SECONDS

CSP = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
}
FIXED = list(HEADERS.items())
LOOPBACK = ("127.", "::1", "::ffff:127.")

log = logging.getLogger("trainer.requests")


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, message, request id; never a name, an address or a body."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": utcnow().isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line.update(getattr(record, "fields", {}))
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def init_logging(level: str) -> None:
    """Send our log lines to standard error as JSON. A second call changes only the level."""
    root = logging.getLogger("trainer")
    root.setLevel(level)
    if not root.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(JsonLines())
        root.addHandler(handler)


def init_app(app: Flask, settings: Settings) -> None:
    """Wire the headers, the proxy's word on addresses, and the refusal of plain http beyond loopback."""
    app.wsgi_app = quick.with_writes(app, app.wsgi_app)  # type: ignore[method-assign]  # the way that Flask documents
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]

        @app.before_request
        def demand_https() -> None:
            if not request.is_secure and not (request.remote_addr or "").startswith(LOOPBACK):
                raise Forbidden("https_needed")

    inner = app.wsgi_app
    core = Core(settings.instance / "cores", settings.web_workers, settings.port) if settings.serving else None

    def with_headers(environ: Any, start_response: Any) -> Any:
        if core is not None:
            core.keep()

        # Beneath Flask, because they are the same for every answer and Flask would check them anew each time.
        def start(status: str, headers: list[tuple[str, str]], error: Any = None) -> Any:
            return start_response(status, [*headers, *FIXED], error)

        known = quick.answered(app, environ, start)
        return inner(environ, start) if known is None else known

    app.wsgi_app = with_headers  # type: ignore[method-assign]  # likewise

    @app.after_request
    def dress(answer: Response) -> Response:
        headers = answer.headers
        if "Cache-Control" not in headers:
            headers["Cache-Control"] = "no-store"
            answer.vary.add("Cookie")
        headers["X-Request-ID"] = g.get("request_id", "")
        if request.is_secure:
            headers["Strict-Transport-Security"] = HSTS
        started = g.get("arrived_at")
        seconds = (utcnow() - started).total_seconds() if started else 0.0
        if answer.status_code >= 500 or seconds >= SLOW_SECONDS or log.isEnabledFor(logging.DEBUG):
            fields = {
                "request_id": g.get("request_id"),
                "method": request.method,
                "route": request.url_rule.rule if request.url_rule else None,
                "status": answer.status_code,
                "ms": round(seconds * 1000, 1),
            }
            log.warning("request", extra={"fields": fields})
        return answer
