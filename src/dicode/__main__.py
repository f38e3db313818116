"""The `dicode` program; `python -m dicode` where it is not on the path."""

import signal
import sys
from typing import NoReturn

from dicode.cli import main


def program() -> NoReturn:
    """Run one command and leave. Who presses Ctrl-C once more while the interpreter ends gets no traceback of what that does."""
    code = main()
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.exit(code)


if __name__ == "__main__":
    program()
