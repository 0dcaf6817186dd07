"""Where this program is: a checkout, whose rooms are packages of their own, or installed, with all below care_audit.

A module that is named in a text is named by way of ``PREFIX``: imports alone are put right when a wheel is built.
"""

from __future__ import annotations

import re
from pathlib import Path

HOUSE = Path(__file__).parents[1]
PREFIX = __name__.rpartition("audit.")[0]
INSTALLED = bool(PREFIX)

# The package of the policies, and their folder.
POLICIES = f"{PREFIX}policies"
POLICY_FOLDER = HOUSE / "policies"

# The one place where this program says which it is.
VERSION_FILE = HOUSE / ("__init__.py" if INSTALLED else "care_audit/__init__.py")


def version() -> str:
    """Return the version of this program."""
    found = re.search(r'^__version__ = "(.+)"$', VERSION_FILE.read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None, "the version is written in care_audit/__init__.py"
    return found[1]


# Where the documents are read.
DOCUMENTS = "https://github.com/care-collective/database-audit/blob/main/docs"


def page_of(policy: str) -> str:
    """Return the address of a policy's page."""
    return f"{DOCUMENTS}/policies/{policy}.md"


def extra(name: str) -> str:
    """Say how to install what is not needed by everybody."""
    return f"pip install 'care-collective-audit[{name}]'"
