"""What a reader says when a file cannot be read: for the person at the bench, without a traceback."""

from coeruleus.tables.status import FAILED, MISSING


class FormatError(Exception):
    """A file that cannot be used, in words: which file, what was found, what to do.

    `status` is what the item gets in the tables.
    """

    status = FAILED


class MissingFileError(FormatError):
    """The file is not there."""

    status = MISSING
