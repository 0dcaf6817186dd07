"""``python -m care_audit``: the command, where it is not on the path."""

import sys

from care_audit.command import main

sys.exit(main())
