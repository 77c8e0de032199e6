"""`python -m watchkeep`. Written so that an old Python can say that it is one."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036  # requires-python stops pip, not a copied folder
    sys.exit(
        "Watchkeep needs Python 3.11 or newer, and %s is %d.%d; install one and start it with that."  # noqa: UP031
        % (sys.executable, sys.version_info[0], sys.version_info[1])
    )

from watchkeep.cli.main import main  # after the check: it is newer syntax

if __name__ == "__main__":
    main()
