#!/bin/sh
# Print a Python that Watchkeep runs on and that can make a virtual environment; else one sentence, exit 1.
# PYTHON=/path/to/python names one.
set -eu

found_old="" found_bare=""
for candidate in ${PYTHON:-python3.13 python3.12 python3.11 python3}; do
    # A version manager's stub may be on the PATH and have nothing behind it, so each candidate is run.
    version=$("$candidate" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue
    case "$version" in
        3.11 | 3.12 | 3.13) ;;
        *)
            found_old="$found_old $version"
            continue
            ;;
    esac
    if "$candidate" -c 'import ensurepip, ssl, venv' 2>/dev/null; then
        "$candidate" -c 'import sys; print(sys.executable)'
        exit 0
    fi
    found_bare="$version"
done

if [ -n "$found_bare" ]; then
    echo "Python $found_bare is here but cannot make a virtual environment;" \
        "install python3-venv (apt-get install python3-venv) and run make again." >&2
else
    echo "Watchkeep needs Python 3.11, 3.12 or 3.13 and found${found_old:- none};" \
        "install one, or name it: make run PYTHON=/path/to/python3.12" >&2
fi
exit 1
