"""Zips and CRX files made to hurt, the same each time: each with a name, and what the refusal must say where there is one way to hurt."""

import io
import random
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator

from webstore.crx import new_key, sign_crx

MANIFEST = b'{"manifest_version": 3, "name": "Shelf", "version": "1.2.0"}'
GIB = 1024**3
SEED = 20261124

NAMES = {
    "leads out": ["../out.js", "a/../../out.js", "..", "a/..", "../../../../../../tmp/out.js", "a/b/../../../out.js", "…/../../out.js"],
    "absolute": ["/etc/cron.d/out", "//server/out.js", "C:/out.js", "c:out.js", "Z:\\out.js"],
    "backslash": ["..\\out.js", "a\\..\\..\\out.js"],
    "empty or a dot": ["./out.js", "a//out.js", "a/./out.js", "./"],
    "longer than": ["x" * 600, "y" * 300 + "/a.js", "é" * 130 + ".js", "z/" * 400 + "a"],
}
MANIFESTS = [
    b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe{}", b"{}", b'{"version": 1}', b'{"version": ""}', b'{"version": "1.2.3.4.5"}',
    b'{"version": "01.2"}', b'{"version": "1.65536"}', b'{"version": "0"}', b'{"version": "1\\u0000"}', b'{"version": "1\\n.2"}',
    b'{"version": "\xd9\xa1.2"}', b"[" * 200_000, b'{"a":' * 100_000, b'{"version": ' + b"9" * 50_000 + b"}",
    b'{"version": "1.2", "x": ' + b"1" * 50_000 + b"}", b'{"version": "1.2"}' + b" " * 2_000_000, b'{"version": {"$gt": ""}}',
]  # fmt: skip
READABLE_MANIFESTS = [
    b'{"version": "1.2", "name": "\\ud800"}', b'{"version": "1.2", "name": ["x"]}', b'\xef\xbb\xbf{"version": "1.2"}',
    b'{"version": "1.2", "version_name": {"a": 1}, "key": 5}', b'{"version": "1.2", "name": "\\u001b[2J"}', b'{"version": "1.2", "x": 1e999}',
]  # fmt: skip


def a_zip(*entries: tuple[str | zipfile.ZipInfo, bytes], manifest: bytes | None = MANIFEST) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        if manifest is not None:
            archive.writestr("manifest.json", manifest)
        for name, content in entries:
            archive.writestr(name, content)
    return buffer.getvalue()


def raw_zip(entries: list[tuple[bytes, bytes, int, int, int]], *, overlap: bool = False) -> bytes:
    """A zip by hand: name, packed bytes, unpacked size as declared, CRC, method. ``overlap``: every entry points at the first's data."""
    out, directory, first = bytearray(), bytearray(), 0
    for name, packed, size, crc, method in entries:
        offset = first if overlap and directory else len(out)
        header = struct.pack("<HHHHHIII", 20, 0x800, method, 0, 33, crc, len(packed), size)
        if offset == len(out):
            out += b"PK\x03\x04" + header + struct.pack("<HH", len(name), 0) + name + packed
        directory += b"PK\x01\x02" + struct.pack("<H", 20) + header + struct.pack("<HHHHHII", len(name), 0, 0, 0, 0, 0, offset) + name
    count = min(len(entries), 0xFFFF)
    end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, count, count, len(directory), len(out), 0)
    return bytes(out + directory + end)


def zeros_deflated(total: int) -> bytes:
    """A deflate stream of so many zeros, quickly: one block over and over."""
    block = 16 * 1024**2
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = packer.compress(bytes(block)) + packer.flush(zlib.Z_FULL_FLUSH)
    return piece * (total // block) + zlib.compressobj(9, zlib.DEFLATED, -15).flush()


def manifest_entry() -> tuple[bytes, bytes, int, int, int]:
    return b"manifest.json", MANIFEST, len(MANIFEST), zlib.crc32(MANIFEST), 0


def bombs() -> Iterator[tuple[str, bytes, str]]:
    packed = zeros_deflated(10 * GIB)
    yield "10 GB, said so", raw_zip([manifest_entry(), (b"z.bin", packed, 0xFFFFFFF0, 0, 8)]), "grows beyond"
    yield "10 GB, said to be 100 bytes", raw_zip([manifest_entry(), (b"z.bin", packed, 100, 0, 8)]), "not a zip"
    yield "10 GB in a manifest", raw_zip([(b"manifest.json", packed, 1_000_000, 0, 8)]), "not a zip"
    several = [(f"z{n}.bin".encode(), packed, 600_000_000, 0, 8) for n in range(9)]
    yield "ten entries over one stream", raw_zip([manifest_entry(), *several], overlap=True), "grows beyond"
    small = zeros_deflated(64 * 1024**2)
    many = [(f"{n}.bin".encode(), small, 64 * 1024**2, 0, 8) for n in range(5000)]
    yield "five thousand entries over one stream", raw_zip([manifest_entry(), *many], overlap=True), "grows beyond"
    yield "seventy thousand entries", raw_zip([manifest_entry(), *((b"%d" % n, b"", 0, 0, 0) for n in range(70_000))]), "entries"
    yield "a directory of 20 MB", raw_zip([manifest_entry(), *((b"%0200d" % n, b"", 0, 0, 0) for n in range(80_000))]), "table of contents"
    for name, method in (("lzma", zipfile.ZIP_LZMA), ("bzip2", zipfile.ZIP_BZIP2)):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", method) as archive:
            archive.writestr("manifest.json", MANIFEST)
            archive.writestr("z.bin", bytes(64 * 1024**2))
        yield f"{name} bomb", buffer.getvalue(), "method"


def special_entries() -> Iterator[tuple[str, bytes, str]]:
    for number, kind in enumerate((stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK, stat.S_IFDIR)):
        entry = zipfile.ZipInfo("special.js")
        entry.external_attr = (kind | 0o777) << 16
        yield f"special {number}", a_zip((entry, b"/etc/passwd")), "link or a special file"
    for method in (1, 9, 93, 97, 99):
        yield f"method {method}", raw_zip([manifest_entry(), (b"a.js", b"1", 1, zlib.crc32(b"1"), method)]), "method"
    yield "twice", raw_zip([manifest_entry(), (b"a.js", b"1", 1, zlib.crc32(b"1"), 0), (b"a.js", b"2", 1, zlib.crc32(b"2"), 0)]), "twice"
    yield "two manifests", raw_zip([manifest_entry(), manifest_entry()]), "twice"
    yield "file and folder", a_zip(("a", b"1"), ("a/b.js", b"2")), "file and a folder"
    yield "manifest and folder", a_zip(("manifest.json/b.js", b"2")), "file and a folder"
    yield "no manifest", a_zip(("a.js", b"1"), manifest=None), "manifest.json is missing"
    yield "manifest in a folder", a_zip(("ext/manifest.json", MANIFEST), manifest=None), "manifest.json is missing"
    yield "name with a NUL", raw_zip([manifest_entry(), (b"a.js\0.png", b"1", 1, zlib.crc32(b"1"), 0)]), "unsafe name"
    yield "name that is no UTF-8", raw_zip([manifest_entry(), (b"\xff\xfe.js", b"1", 1, zlib.crc32(b"1"), 0)]), ""
    yield "wrong CRC", raw_zip([manifest_entry(), (b"a.js", b"1", 1, 7, 0)]), "not a zip"
    yield "larger than it is", raw_zip([manifest_entry(), (b"a.js", b"1", 500, zlib.crc32(b"1"), 0)]), "as it says"
    encrypted = bytearray(a_zip(("a.js", b"1")))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        encrypted[encrypted.rfind(signature) + offset] |= 1
    yield "encrypted", bytes(encrypted), "encrypted"


def lying_ends() -> Iterator[tuple[str, bytes, str]]:
    good = a_zip(("a.js", b"1" * 500))
    at = good.rfind(b"PK\x05\x06")
    for position, form, value in (
        (8, "<H", 60_000),
        (10, "<H", 60_000),
        (12, "<I", 0xFFFFFFFF),
        (12, "<I", 5),
        (16, "<I", 0xFFFFFFF0),
        (20, "<H", 60_000),
    ):
        data = bytearray(good)
        struct.pack_into(form, data, at + position, value)
        yield f"end says {value} at {position}", bytes(data), ""
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, 2**62, 1)
    record = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 2**40, 2**40, 2**62, 0)
    yield "zip64 of exabytes", good[:at] + record + locator + good[at:], ""
    yield "two zips", good + good, ""
    yield "a zip in front of which stands another's end", good[at:] + good, ""
    yield "a comment that holds an end", good[:-2] + struct.pack("<H", 22) + good[at:], ""


def crx_files() -> Iterator[tuple[str, bytes, str]]:
    key, other = new_key(), new_key()
    crx = sign_crx(a_zip(("a.js", b"1" * 300)), key)
    (length,) = struct.unpack_from("<I", crx, 8)
    yield "crx with a header of 4 GB", crx[:8] + b"\xff\xff\xff\xff" + crx[12:], "longer"
    yield "crx with a header beyond its end", crx[:8] + struct.pack("<I", 900_000) + crx[12:], "longer than the file"
    yield "crx 2", b"Cr24\x02\0\0\0" + crx[8:], "version 2"
    yield "crx without header", b"Cr24\x03\0\0\0\0\0\0\0" + crx[12 + length :], "no extension id"
    yield "crx whose zip was changed", crx[:-30] + b"x" + crx[-29:], "does not hold"
    yield "crx whose zip was replaced", crx[: 12 + length] + a_zip(("evil.js", b"1")), "does not hold"
    yield "crx with something after it", crx + b"evil", "does not hold"
    theirs = sign_crx(a_zip(), other)
    (their_length,) = struct.unpack_from("<I", theirs, 8)
    yield "crx with another's header", theirs[: 12 + their_length] + crx[12 + length :], "does not hold"
    yield "crx of a bomb", sign_crx(next(bombs())[1], key), "grows beyond"
    yield "crx of no zip", sign_crx(b"no zip", key), "not a zip"
    yield "crx that leads out", sign_crx(a_zip(("../out.js", b"1")), key), "leads out"
    for number, header in enumerate(
        (b"\xff" * 20, b"\x80" * 300, b"\x12\xff\xff\xff\xff\x0f", b"\x12\x00", b"\x0a\x05abcd", b"\x08\x01" * 40)
    ):
        yield f"crx with a broken header {number}", b"Cr24\x03\0\0\0" + struct.pack("<I", len(header)) + header + a_zip(), "header"


def hostile_files() -> Iterator[tuple[str, bytes, str]]:
    """Name, content, and a word of the refusal; where that is empty, being read without harm is as good."""
    for words, names in NAMES.items():
        for number, name in enumerate(names):
            yield f"name: {words} {number}", raw_zip([manifest_entry(), (name.encode(), b"x", 1, zlib.crc32(b"x"), 0)]), "unsafe name"
    for number, manifest in enumerate(MANIFESTS):
        yield f"manifest {number}", a_zip(manifest=manifest), "manifest.json"
    for number, manifest in enumerate(READABLE_MANIFESTS):
        yield f"odd manifest {number}", a_zip(manifest=manifest), ""
    yield from special_entries()
    yield from lying_ends()
    yield from crx_files()
    yield from bombs()
    yield from damaged(random.Random(SEED))


def damaged(chance: random.Random) -> Iterator[tuple[str, bytes, str]]:
    """Good files, cut off or with some of their bytes changed."""
    good = a_zip(("a.js", b"1" * 900), ("b/c.html", bytes(range(256)) * 4))
    crx = sign_crx(good, new_key())
    for number in range(30):
        whole = good if number % 2 else crx
        yield f"cut off {number}", whole[: chance.randrange(len(whole))], ""
    for number in range(90):
        data = bytearray(crx if number % 3 == 0 else good)
        for _ in range(chance.randrange(1, 12)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        yield f"changed {number}", bytes(data), ""
