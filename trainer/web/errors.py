"""From a refusal to an answer: one place chooses the status, the sentence, and page or problem document (RFC 9457)."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

import orjson
from flask import Flask, Response, current_app, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.exc import DBAPIError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, InternalServerError, TooManyRequests

from trainer.core.clock import utcnow
from trainer.core.database import db, is_unavailable
from trainer.core.errors import Invalid, Refused, Unauthenticated
from trainer.web.arrival import request_id
from trainer.web.limits import retry_after
from trainer.web.sentences import SENTENCES, sentence
from trainer.web.view import safe_next

log = logging.getLogger("trainer.errors")

# Of more problems than these nobody reads, and each costs a sentence.
PROBLEMS_MOST = 200
LOST = (DBAPIError, PendingRollbackError, PoolTimeout)
HTTP_CODES = {
    400: "bad_request",
    401: "not_signed_in",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    414: "too_large",
    415: "unsupported_media_type",
    422: "invalid",
    429: "too_many_requests",
    431: "too_large",
    500: "internal_error",
    503: "busy",
}


def wants_json() -> bool:
    """Return whether this request speaks to the API or asked for JSON."""
    if request.path.startswith("/api/"):
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json"], "text/html")
    return best == "application/json"


def problem(
    status: int, code: str, params: dict[str, Any] | None = None, errors: list[dict[str, Any]] | None = None
) -> Response:
    """Return a problem document. ``errors`` are ``{field, code, message}``."""
    text = sentence(code, params)
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": _title(status),
        "status": status,
        "code": code,
        "detail": text,
        "request_id": request_id(),
    }
    if errors is not None:
        body["errors"] = errors
    extra = {name: value for name, value in (params or {}).items() if isinstance(value, (int, str, list, dict))}
    if extra:
        body["params"] = extra
    return Response(orjson.dumps(body, default=str), status, mimetype="application/problem+json")


def _title(status: int) -> str:
    from http import HTTPStatus

    return HTTPStatus(status).phrase


def _retry_after(answer: Response, params: dict[str, Any]) -> None:
    until = params.get("until")
    if isinstance(until, datetime):
        answer.headers["Retry-After"] = str(max(1, int((until - utcnow()).total_seconds()) + 1))


def answer_refusal(refusal: Refused) -> Response:
    """Return the answer to a refusal, as page or as problem document."""
    if wants_json():
        errors = None
        if isinstance(refusal, Invalid):
            errors = [
                {"field": at.field, "code": at.code, "message": sentence(at.code, at.params)}
                for at in refusal.problems[:PROBLEMS_MOST]
            ]
        answer = problem(refusal.status, refusal.code, refusal.params, errors)
    elif isinstance(refusal, Unauthenticated):
        if request.method == "GET":
            target: str | None = request.full_path.rstrip("?")
        elif request.endpoint == "accounts.sign_out":
            target = None
        else:
            flash(_("登录已经结束，刚才提交的内容没有收下。请重新登录，再到原来的页面提交一次。"), "warning")
            target = _page_before()
        return redirect(url_for("accounts.sign_in", next=target))  # type: ignore[return-value]  # a Response is what it is
    elif refusal.code == "password_change_due":
        return redirect(url_for("accounts.change_password"))  # type: ignore[return-value]  # as above
    else:
        answer = page(refusal.status, refusal.code, refusal.params)
    _retry_after(answer, refusal.params)
    return answer


def _page_before() -> str | None:
    """Return the address of the page of ours on which a form was sent, None where the browser tells none."""
    came_from = request.referrer or ""
    if not came_from.startswith(request.host_url):
        return None
    return safe_next(came_from[len(request.host_url) - 1 :].split("#")[0], "") or None


def page(status: int, code: str, params: dict[str, Any] | None = None) -> Response:
    """Return the error page for a status and code."""
    words = {"status": status, "title": title_of(status), "detail": sentence(code, params), "request_id": request_id()}
    if status >= 500:
        # The menu and the caller's name may need the very database that has just failed.
        return Response(render_template("errors/plain.html", **words), status, mimetype="text/html")
    return Response(render_template("errors/error.html", **words), status, mimetype="text/html")


def title_of(status: int) -> str:
    """Return the heading of an error page."""
    headings = {
        400: _("请求有误"),
        401: _("请先登录"),
        403: _("没有权限"),
        404: _("没有找到"),
        405: _("请求有误"),
        409: _("现在不能这样做"),
        413: _("内容太大"),
        422: _("填写有误"),
        429: _("请稍后再试"),
        503: _("系统正忙"),
    }
    return str(headings.get(status, _("系统出了差错") if status >= 500 else _("请求有误")))


def _ask_nothing_more() -> None:
    """Let the rest of the answer take the caller for nobody.

    Whoever asks who is calling (the language does, and the menu) would ask the very database that has just failed.
    """
    g._login_user = current_app.login_manager.anonymous_user()  # type: ignore[attr-defined]  # Flask-Login put it there


def init_app(app: Flask) -> None:
    """Turn everything that can be raised into an answer without a stack trace."""

    @app.errorhandler(Refused)
    def refused(error: Refused) -> Response:
        db.session.rollback()
        return answer_refusal(error)

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Any:
        if isinstance(error, InternalServerError) and error.original_exception is not None:
            # The answer to another error has failed itself: a 404 wants to know the reader's language, for one.
            failure = error.original_exception
            return database_error(failure) if isinstance(failure, LOST) else defect(failure)
        db.session.rollback()
        status = error.code or 500
        if status < 400:
            return error
        code = HTTP_CODES.get(status, "bad_request" if status < 500 else "internal_error")
        answer = problem(status, code) if wants_json() else page(status, code)
        if status == 405 and getattr(error, "valid_methods", None):
            answer.headers["Allow"] = ", ".join(sorted(error.valid_methods))  # type: ignore[attr-defined]  # 405 has it
        if isinstance(error, TooManyRequests):
            retry_after(error, answer)
        return answer

    @app.errorhandler(DBAPIError)
    @app.errorhandler(PendingRollbackError)
    @app.errorhandler(PoolTimeout)
    def database_error(error: BaseException) -> Response:
        db.session.rollback()
        _ask_nothing_more()
        if isinstance(error, PoolTimeout) or is_unavailable(error):
            # Without the stack: while the database is away every request ends here, and the log would fill the disk.
            fields = {"request_id": request_id(), "error": f"{type(error).__name__}: {error}"[:300]}
            log.error("database unavailable", extra={"fields": fields})
            return problem(503, "unavailable") if wants_json() else page(503, "unavailable")
        return defect(error)

    @app.errorhandler(Exception)
    def defect(error: BaseException) -> Response:
        db.session.rollback()
        _ask_nothing_more()
        if app.testing and app.config.get("RAISE_DEFECTS", True):
            raise error
        log.error("defect", exc_info=error, extra={"fields": {"request_id": request_id()}})
        return problem(500, "internal_error") if wants_json() else page(500, "internal_error")


assert set(HTTP_CODES.values()) <= set(SENTENCES)
