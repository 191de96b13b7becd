"""QR codes as inline SVG."""

from __future__ import annotations

import segno
from markupsafe import Markup


def qr_svg(text: str) -> Markup:
    """Return the code of a text, as large as its box; it has no style attribute, which our headers would refuse."""
    drawn = segno.make(text, error="m", boost_error=False).svg_inline(scale=1, omitsize=True, border=2)
    # The drawing holds numbers alone, nothing of the text.
    return Markup(drawn)  # noqa: S704  see above
