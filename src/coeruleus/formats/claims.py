"""Files that say or unpack to far more than they store: a few kilobytes may claim gigabytes."""

from __future__ import annotations

LARGEST = 2**29  # bytes; less than this fits into any job
MOST_TIMES = 100  # samples and times pack to a half or a tenth; to a hundredth only what is nearly always one value


def claims_too_much(claimed: int, stored: int) -> bool:
    """Whether so many bytes cannot be what is packed into the stored ones."""
    return claimed > max(LARGEST, MOST_TIMES * stored)


def in_words(size: float) -> str:
    """Bytes as MB or GB."""
    return f"{size / 1e9:.3g} GB" if size >= 1e9 else f"{size / 1e6:.3g} MB"
