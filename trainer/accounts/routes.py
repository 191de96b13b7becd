"""Signing in and out, the own profile, the language; and who is calling, for all other roofs."""

from __future__ import annotations

from typing import Any

from flask import (
    Blueprint,
    Flask,
    Request,
    current_app,
    flash,
    g,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext as _
from flask_login import current_user

from trainer import login_manager
from trainer.accounts import queries, service, sessions
from trainer.accounts.forms import PasswordForm, SignInForm, TicketForm
from trainer.config import LOCALES
from trainer.core.crypto import token_hash
from trainer.core.database import end_read, single_read
from trainer.core.errors import Refused
from trainer.web import locale
from trainer.web.access import PUBLIC, SIGNED_IN, declares, needs
from trainer.web.arrival import arrived_at
from trainer.web.csrf import session_cookie_name, session_token
from trainer.web.menu import provide
from trainer.web.view import safe_next

bp = Blueprint("accounts", __name__)

TURN = "turn"
TURN_SECONDS = 900
# With a sign-out the browser forgets what the site kept on the device, the unsent answers of an exam too.
NOTHING_STAYS = '"storage"'


@login_manager.request_loader
def load_caller(request: Request) -> Any:
    """Return the caller as a plain value, read on a connection that is given back at once: no page holds a snapshot."""
    bearer = request.headers.get("Authorization", "")
    if bearer.startswith("Bearer "):
        with single_read() as connection:
            return queries.person_of_token(connection, token_hash(bearer[7:].strip()))
    token = session_token()
    if not token:
        return None
    key, now = token_hash(token), arrived_at()
    with single_read() as connection:
        person = queries.person_of_session(connection, key, now)
    if person is not None and person.seen_at is not None and now - person.seen_at >= sessions.TOUCH_EVERY:
        sessions.touch(key, now)
        end_read()
    return person


def set_session_cookie(answer: Any, token: str) -> None:
    """Hand the browser its session; it goes with the browser's own session, there is no remember-me."""
    secure = request.is_secure
    answer.set_cookie(session_cookie_name(secure), token, secure=secure, httponly=True, samesite="Lax", path="/")


def drop_session_cookie(answer: Any) -> None:
    """Take the session cookie back."""
    answer.delete_cookie(session_cookie_name(request.is_secure), path="/", secure=request.is_secure, httponly=True)


def set_turn_cookie(answer: Any, turn: str) -> None:
    """Let the browser keep its place in the line of those who sign in, for as long as it may take."""
    answer.set_cookie(TURN, turn, max_age=TURN_SECONDS, secure=request.is_secure, httponly=True, samesite="Lax")


@bp.route("/sign-in", methods=["GET", "POST"])
@needs(PUBLIC)
def sign_in():
    target = safe_next(request.args.get("next"), "/")
    # Whoever scans an entry ticket may be signed in already, on a phone of their own; the ticket is for the exam.
    by_ticket = request.args.get("by") == "ticket"
    if request.method == "GET" and current_user.is_authenticated and not by_ticket:
        return redirect(target)
    form = SignInForm()
    status, turn = 200, ""
    if form.sent():
        try:
            opened = sessions.sign_in(
                form.username.data,
                form.password.data,
                address=request.remote_addr or "",
                now=arrived_at(),
                turn=request.cookies.get(TURN, ""),
                key=current_app.secret_key.encode(),
            )
        except Refused as refusal:
            form.blame(refusal)
            status = refusal.status
            turn = refusal.turn if isinstance(refusal, sessions.InLine) else ""
        else:
            g.new_session_token = opened.token
            answer = redirect(target)
            set_session_cookie(answer, opened.token)
            return answer
    elif request.method == "POST":
        status = 422
    answer = make_response(_sign_in_page(form, TicketForm(empty=True)), status)
    if turn:
        set_turn_cookie(answer, turn)
    return answer


@bp.post("/sign-in/ticket")
@needs(PUBLIC)
def sign_in_by_ticket():
    form = TicketForm()
    status = 422
    if form.sent():
        # The tickets lie with the exams, which is a feature above this one; only the roof may look there.
        from trainer.exams import tickets

        try:
            opened = tickets.sign_in_by_ticket(form.ticket.data, address=request.remote_addr or "", now=arrived_at())
        except Refused as refusal:
            form.blame(refusal)
            status = refusal.status
        else:
            g.new_session_token = opened.token
            answer = redirect(url_for("attempts.hall", exam_id=opened.ticket_exam_id))
            set_session_cookie(answer, opened.token)
            return answer
    return _sign_in_page(SignInForm(empty=True), form), status


def _sign_in_page(form: SignInForm, ticket_form: TicketForm) -> str:
    return render_template(
        "accounts/sign_in.html",
        form=form,
        ticket_form=ticket_form,
        by_ticket=request.args.get("by") == "ticket",
        next=safe_next(request.args.get("next"), ""),
        accounts=_printed_accounts(),
        links=_links(),
    )


def _printed_accounts() -> Any:
    """Return the demonstration accounts; empty outside demonstration mode, which never leaves loopback."""
    show = current_app.config.get("DEMO_ACCOUNTS")
    return show() if show and current_app.config["DEMO"] else []


@bp.post("/sign-out")
@needs(SIGNED_IN, even_if_password_is_due=True)
def sign_out():
    if current_user.session_hash:
        sessions.sign_out(current_user.session_hash, by=current_user.id)
    answer = redirect(url_for("accounts.sign_in"))
    drop_session_cookie(answer)
    answer.headers["Clear-Site-Data"] = NOTHING_STAYS
    return answer


@bp.post("/locale")
@declares(PUBLIC)
def set_locale():
    chosen = request.form.get("locale", "")
    answer = make_response(redirect(safe_next(request.form.get("next"), "/")))
    if chosen in LOCALES:
        answer.set_cookie(
            locale.COOKIE, chosen, max_age=31_536_000, samesite="Lax", secure=request.is_secure, httponly=True
        )
        if current_user.is_authenticated and not current_user.read_only:
            service.set_locale(current_user.id, chosen)
    return answer


@bp.route("/profile/password", methods=["GET", "POST"])
@needs(SIGNED_IN, even_if_password_is_due=True)
def change_password():
    form = PasswordForm()
    status = 200 if request.method == "GET" else 422
    if form.sent():
        try:
            service.change_password(current_user, form.current.data, form.new.data, now=arrived_at())
        except Refused as refusal:
            form.blame(refusal)
            status = refusal.status
        else:
            flash(_("密码已更改。其他设备上的登录已退出。"), "success")
            return redirect(url_for("home.show"))
    return render_template("accounts/password.html", form=form, due=current_user.must_change_password), status


def _links() -> dict[str, str]:
    here = request.full_path.rstrip("?") if request.method == "GET" else "/"
    links = {
        "home": "/",
        "sign_in": url_for("accounts.sign_in"),
        "locale": url_for("accounts.set_locale"),
        "here": here,
    }
    if current_user.is_authenticated:
        links["sign_out"] = url_for("accounts.sign_out")
    for name, endpoint in (
        ("profile", "people.profile"),
        ("notices", "notices.show"),
        ("feedback", "notices.feedback"),
        ("help", "notices.help_page"),
    ):
        if endpoint in current_app.view_functions and (current_user.is_authenticated or name == "help"):
            links[name] = url_for(endpoint)
    return links


def register(app: Flask) -> None:
    """Give every page the addresses of the frame's own pages, and static files their permission."""
    provide("links", _links)
    declares(PUBLIC)(
        app.view_functions["static"].__func__
        if hasattr(app.view_functions["static"], "__func__")
        else app.view_functions["static"]
    )
