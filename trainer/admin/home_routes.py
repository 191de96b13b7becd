"""The home page: what must I do now, and where do I stand."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask_login import current_user
from markupsafe import Markup

from trainer.accounts.wording import ROLE_DUTIES
from trainer.web.access import SIGNED_IN, needs
from trainer.web.arrival import arrived_at
from trainer.web.home import cards_of, tasks_of

bp = Blueprint("home", __name__)


@bp.get("/")
@needs(SIGNED_IN)
def show():
    now = arrived_at()
    # Markup is safe here: each fragment is the output of one of our own templates, which escape what they show.
    cards = [(card, Markup(render_template(card.template, **card.values))) for card in cards_of(current_user, now)]  # noqa: S704
    return render_template("home/show.html", tasks=tasks_of(current_user, now), cards=cards, duties=ROLE_DUTIES)
