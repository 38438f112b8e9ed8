#!/bin/sh
# Print a Python that this project runs on, or say which was found instead. PYTHON=... names one.
tried=""
for candidate in ${PYTHON:-python3.13 python3.12 python3.11 python3 python}; do
    version=$("$candidate" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue
    case "$version" in
        3.11 | 3.12 | 3.13)
            if "$candidate" -c 'import venv, ensurepip' 2>/dev/null; then
                echo "$candidate"
                exit 0
            fi
            tried="$tried, $candidate is $version but lacks venv (on Debian: apt install python$version-venv)"
            ;;
        *) tried="$tried, $candidate is $version" ;;
    esac
done
echo "coeruleus runs on Python 3.11, 3.12 or 3.13; found: ${tried#, }" | sed 's/found: $/found none/' >&2
echo "Install one of them, or say where it is: make PYTHON=/path/to/python3.12 ..." >&2
exit 1
