"""``python -m reports.history``: print what earlier runs found."""

import sys

from reports.history.history import main

sys.exit(main(sys.argv[1:]))
