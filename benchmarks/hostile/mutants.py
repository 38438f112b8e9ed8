"""Damaged and hostile variants of a file: what disks, mail programs, spreadsheets and ill will make of it."""

from __future__ import annotations

import random
import re

NUMBER = re.compile(rb"-?\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?")
# What a cell or a number may become.
WORDS = (
    b"nan", b"inf", b"-inf", b"1e308", b"1e999", b"-1e308", b"9" * 400, b"-0", b"0x41", b"1,5", b"1_000", b"", b"n/a",
    b"NULL", b"=cmd|' /C calc'!A0", b"@SUM(1)", b"<script>alert(1)</script>", b"$(touch hacked)", b"`touch hacked`",
    b"../../../etc/passwd", b"/etc/passwd", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xc3\x28", b'"', b"'", b"{run}",
    b"%s%n", b"\xe2\x80\xae", b"a" * 70_000, b"\t" * 300, b"&a [*a,*a]", b"!!python/object/apply:os.system [id]",
    b"999999999999999999999",
)  # fmt: skip
EXTREMES = (0.0, 1.0, -1.0, 1e-30, 1e-9, 1e5, 1e6, -1e6, 1e8, 1e12, 1e15, -1e15)  # as far as sheets may go
INTEGERS = (b"\xff" * 4, b"\xff\xff\xff\x7f", b"\x00\x00\x00\x80", b"\x7f\xff\xff\xff", b"\x00" * 4, b"\xff" * 8)


def mutant(data: bytes, seed: str) -> bytes:
    """One variant of `data`; the same seed gives the same."""
    chance = random.Random(seed)
    for _ in range(chance.choice([1, 1, 1, 2, 4])):
        data = chance.choice(CHANGES)(data, chance)
    return data


def extreme(data: bytes, seed: str) -> bytes:
    """A table one cell or column of which, or some of its rows, are what no lab has though it can be read."""
    chance = random.Random(seed)
    lines = data.splitlines()
    mark = next((mark for mark in (b"\t", b",") if lines and mark in lines[0]), b" ")
    cells = [line.split(mark) for line in lines]
    places = [(row, column) for row, line in enumerate(cells) for column, cell in enumerate(line) if _is_number(cell)]
    if not places:
        return mutant(data, seed)
    for _ in range(chance.choice([1, 1, 2])):
        one = chance.choice(places)
        whole = [place for place in places if place[1] == one[1]]
        factor, way = 10.0 ** chance.randrange(-32, 33), chance.randrange(4)
        offset, same = 10.0 ** chance.randrange(16), chance.choice(EXTREMES)
        for row, column in chance.choice([[one], [one], whole, chance.sample(whole, (len(whole) + 1) // 2)]):
            if _is_number(cells[row][column]):
                value = float(cells[row][column])
                cells[row][column] = f"{(factor * value, value + offset, -value, same)[way]:.9g}".encode()
    if chance.random() < 0.2:
        cells = [line for row, line in enumerate(cells) if row == 0 or chance.random() < 0.9]
    return b"\n".join(mark.join(line) for line in cells) + b"\n"


def _is_number(cell: bytes) -> bool:
    return NUMBER.fullmatch(cell) is not None and b"," not in cell


def _flip(data: bytes, chance: random.Random) -> bytes:
    body = bytearray(data)
    for _ in range(chance.choice([1, 3, 30])):
        if body:
            body[_place(body, chance)] ^= 1 << chance.randrange(8)
    return bytes(body)


def _overwrite(data: bytes, chance: random.Random) -> bytes:
    """Sizes, counts and offsets of a header, most of all."""
    at, word = _place(data, chance), chance.choice(INTEGERS)
    return data[:at] + word + data[at + len(word) :]


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _hole(data: bytes, chance: random.Random) -> bytes:
    at = _place(data, chance)
    return data[:at] + data[at + chance.choice([1, 16, 512]) :]


def _insert(data: bytes, chance: random.Random) -> bytes:
    at = _place(data, chance)
    return data[:at] + chance.choice(WORDS) + data[at:]


def _number(data: bytes, chance: random.Random) -> bytes:
    found = list(NUMBER.finditer(data[:200_000]))
    if not found:
        return _overwrite(data, chance)
    one = chance.choice(found)
    return data[: one.start()] + chance.choice(WORDS) + data[one.end() :]


def _lines(data: bytes, chance: random.Random) -> bytes:
    lines = data.splitlines(keepends=True)
    if len(lines) < 2:
        return data + data
    at = chance.randrange(len(lines))
    choice = chance.randrange(4)
    if choice == 0:
        lines.insert(at, lines[at])  # an id twice
    elif choice == 1:
        del lines[at]
    elif choice == 2:
        lines[at : at + 1] = [lines[at]] * 200
    else:
        other = chance.randrange(len(lines))
        lines[at], lines[other] = lines[other], lines[at]
    return b"".join(lines)


def _encoding(data: bytes, chance: random.Random) -> bytes:
    text = data.decode("utf-8", errors="replace")
    return text.encode(chance.choice(["utf-16", "utf-16-be", "utf-32", "utf-8-sig", "cp1252"]), errors="replace")


def _place(data: bytes | bytearray, chance: random.Random) -> int:
    """Anywhere, though oftener near the beginning, where headers are."""
    end = min(len(data), chance.choice([64, 1024, len(data)]))
    return chance.randrange(end) if end else 0


CHANGES = (_flip, _overwrite, _cut, _hole, _insert, _number, _lines, _encoding)
