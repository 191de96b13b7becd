"""People in scope: find, look, enter, change, lock; and everybody's own profile."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from trainer.accounts import queries, service, sessions
from trainer.accounts.first_passwords import MOST, make_first_passwords
from trainer.accounts.forms import PersonForm, TokenForm
from trainer.accounts.models import User
from trainer.accounts.password_sheet import password_sheet
from trainer.accounts.rules import may_rule
from trainer.accounts.service import NewPerson
from trainer.accounts.wording import CATEGORY_NAMES, ROLE_DUTIES, STATE_NAMES, role_name
from trainer.certificates.roster import certificates_of
from trainer.core.clock import local_day
from trainer.core.database import db
from trainer.core.errors import Missing, Refused
from trainer.orgs.models import Unit
from trainer.orgs.queries import tree, unit_in
from trainer.orgs.rules import Scope, outline
from trainer.orgs.wording import field_choices
from trainer.web.access import SIGNED_IN, needs
from trainer.web.arrival import arrived_at
from trainer.web.locale import zone
from trainer.web.menu import offer
from trainer.web.sentences import sentence
from trainer.web.view import asked_id, asked_page, asked_text, paged

bp = Blueprint("people", __name__)


def indented_units(scope: Scope) -> list[tuple[Unit, str]]:
    """Return the active units of ``scope`` with their indented names, for lists to choose from."""
    units = [unit for unit in tree(db.session(), scope) if unit.state == "active"]
    levels = {branch.id: branch.level for branch in outline([(unit.id, unit.path) for unit in units])}
    return [(unit, "　" * levels[unit.id] + unit.name) for unit in units]


def _chosen_unit(scope: Scope) -> Unit | None:
    """Return the unit of the filter in the address; None without one. Raises ``Missing`` out of scope."""
    unit_id = asked_id("unit")
    return unit_in(db.session(), scope, unit_id) if unit_id else None


@bp.get("/people")
@needs("people.view")
def index():
    session, scope = db.session(), current_user.scope("people.view")
    units = indented_units(scope)
    unit_id = asked_id("unit")
    # A line supervisor reaches people in units that do not hold the field as such; those are not in the list.
    chosen = next((unit for unit, _name in units if unit.id == unit_id), None) or _chosen_unit(scope)
    wanted = _wanted(chosen)
    manages = current_user.may("people.manage")
    waiting = queries.count_without_password(session, current_user, wanted) if manages else 0
    page = paged(session, queries.find_people(scope, wanted), *asked_page())
    return render_template(
        "people/index.html",
        page=page,
        fields=queries.fields_of_people(session, [user.id for user, _unit in page.items]),
        wanted=wanted,
        chosen=chosen,
        units=[(unit.id, name) for unit, name in units],
        field_choices=field_choices(),
        categories=CATEGORY_NAMES,
        states=STATE_NAMES,
        waiting=waiting,
        filters=_filters(wanted, chosen),
        most=MOST,
        can={"manage": manages, "grant": current_user.may("grant.manage")},
    )


def _wanted(chosen: Unit | None) -> queries.PeopleFilter:
    return queries.PeopleFilter(
        text=asked_text("q", 80),
        unit_path=chosen.path if chosen else "",
        field=asked_text("field", 32),
        state=_one_of(STATE_NAMES, "state"),
        category=_one_of(CATEGORY_NAMES, "category"),
        no_password=request.args.get("password") == "none",
    )


def _filters(wanted: queries.PeopleFilter, chosen: Unit | None) -> dict[str, Any]:
    """Return a filter as the address carries it."""
    return {
        "q": wanted.text or None,
        "unit": chosen.id if chosen else None,
        "field": wanted.field or None,
        "state": wanted.state or None,
        "category": wanted.category or None,
        "password": "none" if wanted.no_password else None,
    }


@bp.post("/people/first-passwords")
@needs("people.manage")
def make_passwords():
    """Make first passwords for those whom the list shows: the address carries its filter."""
    chosen = _chosen_unit(current_user.scope("people.view"))
    wanted = _wanted(chosen)
    if not wanted.no_password:
        raise Missing
    waiting = queries.without_password(db.session(), current_user, wanted)
    made = make_first_passwords([one.id for one in waiting], by=current_user, now=arrived_at())
    # Shown in this answer alone, as a single one is.
    return render_template(
        "people/first_passwords.html",
        made=made,
        sheet=password_sheet(made),
        left=len(waiting) - len(made),
        back=url_for("people.index", **_filters(wanted, chosen)),
    )


def _one_of(known: dict[str, Any], name: str) -> str:
    asked = request.args.get(name, "")
    return asked if asked in known else ""


@bp.get("/people/<id:user_id>")
@needs("people.view")
def show(user_id):
    session = db.session()
    user, unit = queries.user_in(session, current_user.scope("people.view"), user_id)
    grants = queries.grants_held(session, user_id)
    fields = queries.fields_of_people(session, [user_id])[user_id]
    manage = current_user.scope("people.manage").holds(unit.path, tuple(fields))
    ruled = manage and user_id != current_user.id
    above = not may_rule(current_user, [(held.role, held.unit_path) for held in grants])
    grant_scope = current_user.scope("grant.manage")
    return render_template(
        "people/show.html",
        user=user,
        unit=unit,
        fields=fields,
        grants=[(held, grant_scope.holds_whole(held.unit_path) and held.role != "officer") for held in grants],
        certificates=certificates_of(session, [user_id]).get(user_id, []),
        today=local_day(arrived_at(), zone()),
        sessions=queries.open_sessions(session, user_id, arrived_at()),
        categories=CATEGORY_NAMES,
        duties=ROLE_DUTIES,
        can={
            "manage": manage,
            "rule": ruled and not above,
            "above": ruled and above,
            "grant": current_user.may("grant.manage") and user_id != current_user.id and user.state != "left",
            "unit": current_user.may("units.view"),
        },
    )


def _entry(form: PersonForm, username: str) -> NewPerson:
    return NewPerson(
        username=username,
        name=form.name.data,
        unit_code=form.unit_code.data,
        post=form.post.data or "",
        category=form.category.data,
        fields=tuple(form["fields"].data or ()),
    )


def _unit_codes(also: Unit | None = None) -> list[tuple[str, str]]:
    codes = [(unit.code, name) for unit, name in indented_units(current_user.scope("people.manage"))]
    if also is not None and also.code not in dict(codes):
        codes.insert(0, (also.code, also.name))
    return codes


@bp.route("/people/new", methods=["GET", "POST"])
@needs("people.manage")
def new():
    form = PersonForm(units=_unit_codes(), is_new=True)
    if form.sent():
        try:
            user_id = service.add_person(
                _entry(form, form.username.data),
                by=current_user,
                scope=current_user.scope("people.manage"),
                now=arrived_at(),
            )
        except Refused as refusal:
            form.blame(refusal)
        else:
            flash(_("已录入“%(name)s”。还没有密码，请生成初始密码后交给本人。", name=form.name.data), "success")
            return redirect(url_for("people.show", user_id=user_id))
    return render_template("people/edit.html", form=form, user=None), 200 if request.method == "GET" else 422


@bp.route("/people/<id:user_id>/edit", methods=["GET", "POST"])
@needs("people.manage")
def edit(user_id):
    session, scope = db.session(), current_user.scope("people.manage")
    user, unit = queries.user_in(session, scope, user_id)
    known = {"name": user.name, "unit_code": unit.code, "post": user.post, "category": user.category}
    known["fields"] = queries.fields_of_people(session, [user_id])[user_id]
    form = PersonForm(units=_unit_codes(unit), is_new=False, data=known)
    if form.sent():
        try:
            service.change_person(user_id, _entry(form, user.username), by=current_user, now=arrived_at())
        except Refused as refusal:
            form.blame(refusal)
        else:
            flash(_("已保存“%(name)s”的资料。", name=form.name.data), "success")
            return redirect(_after_change(user_id))
    user, _unit = queries.user_in(db.session(), scope, user_id)
    return render_template("people/edit.html", form=form, user=user), 200 if request.method == "GET" else 422


def _after_change(user_id: int) -> str:
    """Return the person's page, or the list when the change has taken the person out of the caller's view."""
    try:
        queries.user_in(db.session(), current_user.scope("people.view"), user_id)
    except Missing:
        return url_for("people.index")
    return url_for("people.show", user_id=user_id)


@bp.post("/people/<id:user_id>/state")
@needs("people.manage")
def set_state(user_id):
    state = request.form.get("state", "")
    try:
        service.set_state(user_id, state, by=current_user)
    except Refused as refusal:
        _say_here(refusal)
    else:
        said = {
            "active": _("账号已恢复，可以登录。"),
            "locked": _("账号已锁定，所有登录和令牌即刻失效。"),
            "left": _("已标记为调离，所有登录和令牌即刻失效；学时和成绩保留。"),
        }
        flash(said[state], "success")
    return redirect(url_for("people.show", user_id=user_id))


def _say_here(refusal: Refused) -> None:
    """Say a refusal on the page that the person came from; what is missing or badly formed stays an error page."""
    if refusal.status not in (403, 409):
        raise refusal
    flash(sentence(refusal.code, refusal.params), "danger")


@bp.post("/people/<id:user_id>/password")
@needs("people.manage")
def reset_password(user_id):
    try:
        password = service.reset_password(user_id, by=current_user, now=arrived_at())
    except Refused as refusal:
        _say_here(refusal)
        return redirect(url_for("people.show", user_id=user_id))
    user = db.session().get(User, user_id)
    # Shown in this answer alone: a redirect would have to keep the secret somewhere on the way.
    return render_template("people/secret.html", kind="password", secret=password, user=user)


@bp.get("/profile")
@needs(SIGNED_IN)
def profile():
    return _profile_page(TokenForm())


def _profile_page(form: TokenForm, status: int = 200):
    session = db.session()
    row = session.get(User, current_user.id)
    page = render_template(
        "people/profile.html",
        user=row,
        form=form,
        fields=queries.fields_of_people(session, [current_user.id])[current_user.id],
        certificates=certificates_of(session, [current_user.id]).get(current_user.id, []),
        today=local_day(arrived_at(), zone()),
        sessions=queries.open_sessions(session, current_user.id, arrived_at()),
        tokens=queries.tokens_of(session, current_user.id),
        categories=CATEGORY_NAMES,
        duties=ROLE_DUTIES,
        by_ticket=current_user.ticket_exam_id is not None,
    )
    return page, status


@bp.post("/profile/tokens")
@needs(SIGNED_IN)
def make_token():
    form = TokenForm()
    if not form.sent():
        return _profile_page(form, 422)
    try:
        token = service.make_own_token(
            current_user, label=form.label.data, read_only=form.read_only.data, now=arrived_at()
        )
    except Refused as refusal:
        form.blame(refusal)
        return _profile_page(form, refusal.status)
    # Shown in this answer alone, as a password is.
    return render_template("people/secret.html", kind="token", secret=token, user=None, label=form.label.data)


@bp.post("/profile/tokens/<id:token_id>/revoke")
@needs(SIGNED_IN)
def revoke_token(token_id):
    sessions.revoke_token(token_id, user_id=current_user.id, by=current_user.id, now=arrived_at())
    flash(_("令牌已作废，用它的程序立即失去访问。"), "success")
    return redirect(url_for("people.profile"))


@bp.post("/profile/sign-out-everywhere")
@needs(SIGNED_IN)
def sign_out_everywhere():
    service.sign_out_everywhere(current_user)
    flash(_("其他设备上的登录和全部接口令牌都已失效，只有这个浏览器还登录着。"), "success")
    return redirect(url_for("people.profile"))


def register(app: Flask) -> None:
    """Offer the list of people in the menu, and the names of roles to all templates."""
    app.jinja_env.filters["role_name"] = role_name
    offer(_l("人员"), "people.index", icon="users", permission="people.view", order=70, also=("/grants",))
