"""Language and the writing of numbers and times. zh-CN is the source language, English its complete twin."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from flask import Flask, current_app, g, has_request_context, request
from flask_babel import Babel, get_locale
from flask_babel import gettext as _
from flask_login import current_user

from trainer.config import LOCALES

COOKIE = "locale"
babel = Babel()


def chosen_locale() -> str:
    """Return the language of this request: the person's own, else the browser's cookie, else the site's."""
    default: str = current_app.config["DEFAULT_LOCALE"]
    if not has_request_context():
        return g.get("job_locale", default) if g else default
    cookie = request.cookies.get(COOKIE)
    if cookie in LOCALES:
        return cookie
    own = getattr(current_user, "locale", None) if not request.path.startswith("/healthz") else None
    return own if own in LOCALES else default


def zone() -> ZoneInfo:
    """Return the city's time zone."""
    found: ZoneInfo = current_app.config["ZONE"]
    return found


def is_english() -> bool:
    """Return whether this request is answered in English."""
    return str(get_locale()) == "en"


def local_time(moment: datetime | None, *, seconds: bool = False) -> str:
    """Return a moment (aware) as the city writes it, such as 2026年11月23日 09:00; None gives an en dash."""
    if moment is None:
        return "–"
    local = moment.astimezone(zone())
    clock = local.strftime("%H:%M:%S" if seconds else "%H:%M")
    return f"{local_date(local.date())}{', ' if is_english() else ' '}{clock}"


def until_time(moment: datetime, since: datetime) -> str:
    """Return the end of a span (both aware): the clock alone where it lies on the city's day of ``since``."""
    end, start = moment.astimezone(zone()), since.astimezone(zone())
    return end.strftime("%H:%M") if end.date() == start.date() else local_time(moment)


def local_date(day: date | datetime | None) -> str:
    """Return a day such as 2026年11月23日 or 23 Nov 2026; None gives an en dash."""
    if day is None:
        return "–"
    if isinstance(day, datetime):
        day = day.astimezone(zone()).date()
    if is_english():
        months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        return f"{day.day} {months[day.month - 1]} {day.year}"
    return f"{day.year}年{day.month}月{day.day}日"


def decimal_text(value: Decimal | int | None) -> str:
    """Return points or hours without idle zeros, such as 2.5 or 60; None gives an en dash."""
    if value is None:
        return "–"
    text = f"{Decimal(value):.2f}".rstrip("0").rstrip(".")
    return text or "0"


def iso_date(day: str) -> str:
    """Return a day that is written as ISO text as ``local_date`` does; what is no day is shown as it is."""
    try:
        return local_date(date.fromisoformat(day))
    except ValueError:
        return day


def law_version(version: str) -> str:
    """Return which text of a law is meant, from its day as ISO text; what is no day is shown as it is."""
    day = iso_date(version)
    return day if day == version else str(_("%(day)s版本", day=day))


def duration(seconds: int | None) -> str:
    """Return a span of seconds as 1:05:09 or 12:34; None gives an en dash."""
    if seconds is None:
        return "–"
    minutes, rest = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def number(value: int | None) -> str:
    """Return a whole number with separators of thousands; None gives an en dash."""
    return "–" if value is None else f"{value:,}"


def percent(part: int | Decimal, whole: int | Decimal) -> str:
    """Return part of whole as whole per cent, an en dash where the whole is nothing."""
    return "–" if not whole else f"{round(100 * part / whole)}%"


def init_app(app: Flask) -> None:
    """Wire Flask-Babel and the filters that templates use."""
    babel.init_app(app, locale_selector=chosen_locale)
    app.jinja_env.filters.update(
        local_time=local_time,
        until_time=until_time,
        law_version=law_version,
        local_date=local_date,
        iso_date=iso_date,
        points=decimal_text,
        hours=decimal_text,
        duration=duration,
        number=number,
    )
    app.jinja_env.globals.update(percent=percent)

    @app.context_processor
    def words() -> dict[str, object]:
        return {"locale": str(get_locale())}
