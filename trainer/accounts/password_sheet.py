"""The sheet on which first passwords are handed out."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from flask_babel import gettext as _

from trainer.accounts.first_passwords import FirstPassword
from trainer.core.sheets import Column, Sheet, write_book


def password_sheet(made: Sequence[FirstPassword]) -> str:
    """Return the workbook in base64, to be put into the one page that shows the passwords; nothing keeps a copy."""
    columns = [Column(_("用户名"), 18), Column(_("姓名"), 14), Column(_("单位"), 34), Column(_("初始密码"), 18)]
    rows = [[one.username, one.name, one.unit, one.password] for one in made]
    title = _("初始密码（首次登录须更改）")
    return base64.b64encode(write_book([Sheet(_("初始密码"), title, columns, rows)])).decode()
