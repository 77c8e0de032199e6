"""The interface as OpenAPI, for the committed file.

`python -m watchkeep.presentation.http.description > docs/reference/openapi.json` writes it anew.
"""

import json
import sys

from watchkeep.presentation.http.app import create_app


def describe() -> str:
    """The description as stable text, for the committed file."""
    return json.dumps(create_app(None).openapi(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(describe())
