#!/bin/sh
# Write requirements/*.txt from pyproject.toml: exact versions with digests, no index's address, every platform.
# Extras are kept: without them pip takes `coverage[toml]` for another package, and its newest release for not pinned.
set -eu

compile() {
    .venv/bin/uv pip compile -q --generate-hashes --no-strip-extras --no-emit-index-url --universal --python-version 3.11 \
        --custom-compile-command "make lock" "$@"
}

compile pyproject.toml -o requirements/run.txt
compile pyproject.toml --group dev -c requirements/run.txt -o requirements/dev.txt
compile --group build -o requirements/build.txt
compile --group node -o requirements/node.txt
