"""The verification code of a document: an HMAC over what it says, short enough to type.

80 bits, in the letters and digits of RFC 4648's base32. It is computed from the data as they stand, so that a
certificate whose result was corrected later, or the slip of answers that were changed, no longer checks out, and
nothing has to be stored.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

LENGTH = 16


def code_of(key: bytes, *facts: object) -> str:
    """Return the code of the facts in groups of four; their order and every letter of them count."""
    # Each fact with its length before it: no two lists of facts give one text.
    text = "".join(f"{len(str(one))}:{one}" for one in facts)
    mac = hmac.new(key, text.encode(), hashlib.sha256).digest()[:10]
    letters = base64.b32encode(mac).decode()
    return "-".join(letters[at : at + 4] for at in range(0, LENGTH, 4))


def is_code(typed: str, code: str) -> bool:
    """Return whether what was typed is the code; case, blanks and hyphens do not matter."""
    plain = "".join(letter for letter in typed.upper() if letter.isalnum())
    return hmac.compare_digest(plain.encode(), code.replace("-", "").encode())
