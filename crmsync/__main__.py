"""`python -m crmsync` is `crmsync`."""

import sys

from crmsync.cli import main

sys.exit(main())
