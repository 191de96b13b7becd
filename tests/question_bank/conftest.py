"""Lets the tests of this folder import its samples, under any import mode of pytest.

The folder must not become a package of its own: it would hide the library of the same name.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
