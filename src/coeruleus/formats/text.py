"""Files as bytes and as text: what is there, which encoding it has, and one kind of line end."""

from __future__ import annotations

import codecs
import os
import stat
from functools import cached_property
from pathlib import Path

from coeruleus.formats.errors import FormatError, MissingFileError

HEAD_BYTES = 65536
LARGEST_TEXT = 2**30
CONTROL = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1a")) + b"\x7f"


class Source:
    """One input file, opened read-only. Raises FormatError where there is nothing to read.

    `name` is what messages call it, where that is not the file's own name: a part of a folder, for one.
    """

    def __init__(self, path: str | Path, name: str | None = None) -> None:
        self.path = Path(path)
        self.name = name or self.path.name
        try:
            found = self.path.stat()
            self.is_folder, self.size = stat.S_ISDIR(found.st_mode), found.st_size
            if self.is_folder:
                self.head = b""
                return
            if not stat.S_ISREG(found.st_mode):
                raise FormatError(f"{self.name}: is not a regular file")
            with open(self.path, "rb", buffering=0) as handle:
                self.head = handle.read(min(HEAD_BYTES, self.size))
        except FileNotFoundError:
            raise MissingFileError(f"{self.name}: the file is not there") from None
        except (OSError, ValueError) as error:
            raise FormatError(f"{self.name}: cannot be opened ({_cause(error)})") from None
        if not self.head:
            raise FormatError(f"{self.name}: the file is empty (0 bytes)")

    @cached_property
    def encoding(self) -> str | None:
        """Encoding of the text, or None where the file is not text."""
        return None if self.is_folder else detect_encoding(self.head)

    @cached_property
    def files(self) -> tuple[str, ...]:
        """Names of the files in a folder, in order."""
        with os.scandir(self.path) as found:
            return tuple(sorted(each.name for each in found if each.is_file()))

    @cached_property
    def data(self) -> bytes:
        """The whole file, whose size the caller has looked at."""
        return self.head if self.size == len(self.head) else self.path.read_bytes()

    @cached_property
    def text(self) -> bytes:
        """The whole file as UTF-8 bytes without byte-order mark, every line end a single line feed."""
        if self.encoding is None:
            raise FormatError(f"{self.name}: is not a text file")
        if self.size > LARGEST_TEXT:
            raise FormatError(f"{self.name}: is larger than 1 GB, which no text export of a trace should be")
        return normalise(self.data, self.encoding)

    @cached_property
    def first_text(self) -> str:
        """The first 64 KB as text, for a look at what the file is; empty where it is not text."""
        return "" if self.encoding is None else normalise(self.head, self.encoding).decode("utf-8", errors="replace")


def detect_encoding(head: bytes) -> str | None:
    """utf-8, utf-16-le, utf-16-be or cp1252 from the first bytes of a file; None for binary data."""
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if head.startswith(mark):
            return encoding
    if b"\0" in head:  # text has no NUL unless it is UTF-16, where Latin text has one in every pair
        even, odd = head[0::2].count(0), head[1::2].count(0)
        half = max(1, len(head) // 2)
        if odd > 0.9 * half and even < 0.05 * half:
            return "utf-16-le"
        if even > 0.9 * half and odd < 0.05 * half:
            return "utf-16-be"
        return None
    if len(head) - len(head.translate(None, CONTROL)) > 0.002 * len(head):
        return None
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
        return "utf-8"
    except UnicodeDecodeError:
        return "cp1252"


def normalise(data: bytes, encoding: str) -> bytes:
    """Bytes in one of the encodings above as UTF-8 with single line feeds."""
    if encoding == "utf-8":
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:  # a Latin letter after the first 64 KB
            encoding = "cp1252"
    if encoding != "utf-8":
        data = data.decode(encoding, errors="replace").encode("utf-8", errors="replace")
    return data.removeprefix(codecs.BOM_UTF8).replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _cause(error: Exception) -> str:
    return getattr(error, "strerror", None) or type(error).__name__
