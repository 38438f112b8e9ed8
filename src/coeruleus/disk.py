"""What is wrong with a disk, and what to do, in words."""

from __future__ import annotations

import errno

ADVICE = {
    errno.ENOSPC: "The disk is full: make room",
    errno.EDQUOT: "Your share of the disk is used up: make room",
    errno.EROFS: "The disk can only be read: name a place that can be written (results=OTHER)",
    errno.EACCES: "It may not be read or written: see its permissions",
}


def disk_words(error: OSError) -> str:
    """One line for the person who started a run."""
    advice = ADVICE.get(error.errno or 0, "See whether it can be written")
    return f"{error.strerror}: {error.filename or 'the results'}. {advice}; then run the same command again"
