"""Packages are read safely, and identified by their content."""

import io
import json
import stat
import zipfile
from pathlib import Path

import pytest
from hostile.corpus import MANIFEST, a_zip
from hypothesis import given, settings
from hypothesis import strategies as st

from factories import a_package
from webstore import safe_zip
from webstore.crx import CrxError, extension_id, new_key, public_der, read_crx, sign_crx
from webstore.package import Package
from webstore.safe_zip import PackageError
from webstore.versions import Version

KEY = new_key()


def a_link() -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo("link.js")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


@pytest.mark.parametrize(
    "name", ["../out.js", "a/../../out.js", "/etc/passwd", "C:/x.js", "a\\b.js", "./a.js", "a//b.js", "x" * 600, "..", "a/.."]
)
def test_an_unsafe_name_is_refused_and_named(name):
    with pytest.raises(PackageError, match="unsafe name"):
        Package.read(a_zip((name, b"")))


def test_a_link_is_refused():
    with pytest.raises(PackageError, match=r"link\.js.*link"):
        Package.read(a_zip((a_link(), b"/etc/passwd")))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_stands_twice_is_refused():
    with pytest.raises(PackageError, match=r"'a\.js' stands in the package twice"):
        Package.read(a_zip(("a.js", b"1"), ("a.js", b"2")))


def test_an_encrypted_entry_is_refused():
    data = bytearray(a_zip(("a.js", b"1")))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        position = data.rfind(signature)
        data[position + offset] |= 1
    with pytest.raises(PackageError, match="encrypted"):
        Package.read(bytes(data))


def test_a_bomb_is_refused_by_what_really_comes_out(monkeypatch):
    monkeypatch.setattr(safe_zip, "MAX_TOTAL_BYTES", 100_000)
    with pytest.raises(PackageError, match="grows beyond"):
        Package.read(a_zip(("zeros.bin", bytes(200_000))))


def test_too_many_entries_are_refused(monkeypatch):
    monkeypatch.setattr(safe_zip, "MAX_ENTRIES", 3)
    with pytest.raises(PackageError, match="5 entries"):
        Package.read(a_zip(*((f"{number}.js", b"") for number in range(4))))


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        (None, r"manifest\.json is missing"),
        (b"{", "not valid JSON"),
        (b"[]", "does not hold an object"),
        (b"\xff\xfe", "not UTF-8"),
        (b'{"name": "x"}', "`version` is missing"),
        (b'{"version": 3}', "`version` is missing or not a text"),
        (b'{"version": "1.x"}', r"`version`: '1\.x'"),
        (b"[" * 100_000, "not valid JSON"),
    ],
)
def test_a_broken_manifest_is_refused_with_its_field(manifest, words):
    with pytest.raises(PackageError, match=words):
        Package.read(a_zip(manifest=manifest))


@pytest.mark.parametrize("data", [b"", b"no zip", a_zip()[:-30]])
def test_what_is_no_zip_is_refused(data):
    with pytest.raises(PackageError):
        Package.read(data)


@given(st.binary(max_size=400))
@settings(max_examples=200)
def test_no_bytes_at_all_break_the_reader(data):
    for content in (data, b"PK\x03\x04" + data, b"Cr24\x03\0\0\0" + data):
        with pytest.raises((PackageError, CrxError)):
            Package.read(content)


def test_order_dates_and_compression_do_not_change_the_digest():
    one = Package.read(a_zip(("a.js", b"1"), ("b.js", b"2")))
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo("b.js", (2001, 1, 1, 0, 0, 0)), b"2")
        archive.writestr("a.js", b"1")
        archive.writestr("manifest.json", MANIFEST)
    assert Package.read(other.getvalue()).digest == one.digest


def test_content_moved_between_files_changes_the_digest():
    assert a_package(a__js="12", b__js="3").digest != a_package(a__js="1", b__js="23").digest


def test_the_same_code_under_another_number_has_the_same_code_digest():
    package = a_package("1.2.0", a__js="1")
    again = package.with_version(Version.parse("1.3.0.1"))
    assert again.version == Version.parse("1.3.0.1")
    assert again.code_digest == package.code_digest
    assert again.digest != package.digest
    assert a_package("1.2.0", a__js="2").code_digest != package.code_digest


def test_what_the_store_adds_does_not_change_the_code_digest():
    manifest = {**json.loads(MANIFEST), "key": "AAAA", "update_url": "https://example.com/u"}
    stored = Package.read(a_zip(("_metadata/verified_contents.json", b"{}"), manifest=json.dumps(manifest).encode()))
    assert stored.code_digest == Package.read(a_zip()).code_digest


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}(/[a-z]{1,8})?\.js", fullmatch=True), st.binary(max_size=50), max_size=5))
def test_what_is_packed_is_read_back(files):
    try:
        package = Package.of({"manifest.json": MANIFEST, **files})
        again = Package.read(package.to_zip())
    except PackageError:
        return
    assert again.files == package.files
    assert again.to_zip() == package.to_zip()


def test_a_folder_is_read_without_version_control_and_refuses_links(tmp_path: Path):
    a_package(a__js="1").unpack(tmp_path)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text("secret")
    assert set(Package.read(tmp_path).files) == {"manifest.json", "a.js"}
    (tmp_path / "link").symlink_to("/etc/passwd")
    with pytest.raises(PackageError, match="link"):
        Package.read(tmp_path)


def test_a_crx_is_read_when_its_signature_holds():
    crx = sign_crx(a_package().to_zip(), KEY)
    assert read_crx(crx).extension_id == extension_id(public_der(KEY))
    assert Package.read(crx).digest == a_package().digest


def test_an_extension_id_follows_from_the_key():
    # From Chrome's documentation of ids: SHA-256 of the key, first 16 bytes, each half byte a letter from a.
    identifier = extension_id(b"")
    assert identifier == "odlameecjipmbmbejkplpemijjgpljce"


@pytest.mark.parametrize("position", [-1, -40, 20, 300, 600])
def test_a_changed_crx_is_refused(position):
    crx = bytearray(sign_crx(a_package(a__js="x" * 500).to_zip(), KEY))
    crx[position] ^= 0xFF
    with pytest.raises(CrxError):
        read_crx(bytes(crx))


def test_a_crx_signed_by_another_key_than_its_ids_is_refused():
    ours = sign_crx(a_package().to_zip(), KEY)
    theirs = bytearray(sign_crx(a_package().to_zip(), new_key()))
    identity = bytes.fromhex("".join(f"{ord(letter) - 97:x}" for letter in read_crx(bytes(theirs)).extension_id))
    mine = bytes.fromhex("".join(f"{ord(letter) - 97:x}" for letter in read_crx(ours).extension_id))
    forged = bytes(theirs).replace(identity, mine)
    assert forged != bytes(theirs)
    with pytest.raises(CrxError, match="no proof"):
        read_crx(forged)
