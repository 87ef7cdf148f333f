"""`python -m framework`, which the script `framework` is, too."""

import sys

from framework._cli.commands import main

if __name__ == "__main__":
    sys.exit(main())
