"""`python -m dicode`: the `dicode` command, where it is not on the path."""

import sys

from dicode.cli import main

if __name__ == "__main__":
    sys.exit(main())
