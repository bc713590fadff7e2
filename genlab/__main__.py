"""`python -m genlab`: the same verbs as the pages, for a terminal."""

import sys

from genlab.cli import main

sys.exit(main())
