"""What a scenario may say, what stands at a path, and what was lost: the rules of the checks, without a browser."""

import json

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Error as PlaywrightError
from pydantic import ValidationError

from healthchecks.errors import CheckSettingsError
from healthchecks.masking import Masking
from healthchecks.network import Refused, _file_for
from healthchecks.pictures import compare_pictures, with_differences
from healthchecks.recording import _clean
from healthchecks.result import CheckName, CheckReport, CheckResult, CheckStatus, Drill, DrillVerdict, Finding
from healthchecks.scenario import ExtractionScenario, StorageExpectation
from healthchecks.settings import CheckSettings, Invariant, UiSettings
from healthchecks.side_by_side import without_old_faults
from healthchecks.stored import Database, Stored, broken_invariants, lost_in_update, lost_on_return
from healthchecks.values import golden_difference, holds, schema_faults, size_at, values_at

SHOP = {"name": "shop", "open": "https://shop.example/list", "expect_page": [{"selector": ".item"}]}


def scenario(**changes):
    return ExtractionScenario.model_validate({**SHOP, **changes})


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ({"click": "#go"}, "click '#go'"),
        ({"type": "milk", "into": "#q"}, "type 'milk' into '#q'"),
        ({"type": "", "into": "#q"}, "type '' into '#q'"),
        ({"open_popup": True}, "open popup"),
        ({"send": {"ask": 1}, "answer": {"n": 2}}, "send {'ask': 1}"),
        ({"send": False}, "send False"),
        ({"wait_for_storage": "books.0"}, "wait for storage 'books.0'"),
    ],
)
def test_a_step_says_what_it_does(step, words):
    if step == {"send": False}:
        with pytest.raises(ValidationError, match="exactly one action"):
            scenario(steps=[step])
        return
    assert scenario(steps=[step]).steps[0].words == words


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"steps": [{}]}, "exactly one action"),
        ({"steps": [{"click": "a", "press": "Enter"}]}, "this one has 2"),
        ({"steps": [{"type": "milk"}]}, "`into` go together"),
        ({"steps": [{"click": "a", "answer": 1}]}, "goes with `send`"),
        ({"steps": [{"send": 1, "to": "everybody"}]}, '"extension" or "page"'),
        ({"steps": [{"open": "file:///etc/passwd"}]}, "begins with https"),
        ({"open": "javascript:alert(1)"}, "begins with https"),
        ({"page": "a.html", "har": "a.har"}, "give one of"),
        ({"expect_page": []}, "expect something"),
        ({"expect_popup": [{"text": "x"}]}, "open_popup"),
        ({"expect_page": [{"text": "x", "golden": "a.txt"}]}, "goes with `selector`"),
        ({"expect_storage": [{"path": "$.a[", "at_least": 1}]}, "no JSONPath"),
    ],
)
def test_what_makes_no_sense_is_said(changes, said):
    with pytest.raises(ValidationError, match=said):
        scenario(**changes)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$.books[*].title", ["a", "b"]),
        ("$.books[?@.read].title", ["b"]),
        ("books.1.title", ["b"]),
        ("$['odd key'].x", [1]),
        ("odd key.x", [1]),
        ("1", ["one"]),
        ("$.none", []),
    ],
)
def test_paths(path, found):
    stored = {"books": [{"title": "a"}, {"title": "b", "read": True}], "odd key": {"x": 1}, "1": "one"}
    assert values_at(stored, path) == found


def test_so_many_matches_count_as_much():
    assert size_at({"books": [{"t": 1}, {"t": 2}, {}]}, "$.books[*].t") == 2


@pytest.mark.parametrize(
    ("whole", "part", "expected"),
    [
        ({"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"c": 2}}, True),
        ({"a": 1}, {"a": 2}, False),
        ({"a": 1}, {"b": 1}, False),
        ([1, 2], [1], False),
        (None, {"a": 1}, False),
        ("x", "x", True),
    ],
)
def test_a_message_holds_what_is_asked_of_it(whole, part, expected):
    assert holds(whole, part) is expected


def test_a_schema_names_the_places_that_break_it(tmp_path):
    schema = tmp_path / "books.schema.json"
    schema.write_text(json.dumps({"type": "array", "items": {"type": "object", "required": ["title"]}}))
    assert schema_faults([{"title": "a"}], schema) == []
    assert schema_faults([{"title": "a"}, {}], schema) == ["$[1]: 'title' is a required property"]
    schema.write_text(json.dumps({"type": "nonsense"}))
    with pytest.raises(CheckSettingsError, match="no JSON Schema"):
        schema_faults([], schema)


def test_a_golden_file_is_compared_by_what_it_holds_and_a_difference_can_be_read(tmp_path):
    golden = tmp_path / "books.json"
    golden.write_text('[{"title": "a",\n\n "n": 1}]')
    same = json.dumps([{"n": 1, "title": "a"}], indent=2, sort_keys=True)
    assert golden_difference(same, golden) is None
    difference = golden_difference(same.replace('"a"', '"\x1b[31mb"'), golden) or ""
    assert '-    "title": "a"' in difference
    assert "\x1b" not in difference
    assert len(golden_difference("\n".join(map(str, range(1000))), golden).splitlines()) == 61


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://shop.example/list?x=1", "list.html"),
        ("https://shop.example/", "index.html"),
        ("https://shop.example/deep/", "deep/index.html"),
        ("https://shop.example/a%20b.css", "a b.css"),
        ("https://shop.example/../secret.txt", None),
        ("https://shop.example/%2e%2e/secret.txt", None),
        ("https://shop.example/link.txt", None),
        ("https://other.example/list", None),
        ("https://shop.example/none", None),
    ],
)
def test_a_folder_answers_for_its_host_and_never_from_outside(tmp_path, url, found):
    folder = tmp_path / "site"
    (folder / "deep").mkdir(parents=True)
    for name in ("list.html", "index.html", "deep/index.html", "a b.css"):
        (folder / name).write_text(name)
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    answer = _file_for(scenario(folder=folder), url)
    assert answer == (folder / found if found else None)


def test_an_address_is_the_same_in_two_spellings(tmp_path):
    page = tmp_path / "p.html"
    one = ExtractionScenario.model_validate({**SHOP, "open": "https://bücher.example", "page": page})
    assert _file_for(one, "https://xn--bcher-kva.example/#top") == page
    assert _file_for(one, "https://xn--bcher-kva.example/other") is None


def test_what_was_refused_is_listed_without_its_query():
    refused = Refused()
    refused.add("https://api.example/v1?token=hunter2", "worker")
    refused.add("https://api.example/v1?token=other", "fetch")
    (finding,) = refused.finding()
    assert (finding.message, finding.is_failure) == ("refused what is not recorded: https://api.example/v1 (worker)", False)
    assert Refused().finding() == []


def stored(local=None, **databases):
    return Stored(local or {}, {name: Database(*found) for name, found in databases.items()})


BEFORE = stored({"books": [1, 2], "theme": "dark", "cache": [1]}, shelf=(1, {"books": 2}))


@pytest.mark.parametrize(
    ("updated", "returned", "said"),
    [
        pytest.param(BEFORE, BEFORE, [], id="nothing is lost"),
        pytest.param(
            stored({**BEFORE.local, "progress": {"a": 1}}), stored(BEFORE.local), ["loses 'progress'"], id="what the new version added"
        ),
        pytest.param(BEFORE, stored({"books": [1]}, shelf=(1, {"books": 2})), ["shrinks 'books'", "loses 'theme'"], id="on the way back"),
        pytest.param(
            stored({"books": [], "theme": "dark"}), stored({"books": [], "theme": "dark"}), [], id="lost before: not on the way back"
        ),
        pytest.param(
            stored({"books": {"a": 1, "b": 2}}), stored({"books": {"a": 1, "b": 2}}), ["'books' is an object now"], id="another shape"
        ),
        pytest.param(stored({}, shelf=(2, {"books": 2})), stored({}, shelf=(2, {"books": 2})), ["opens version 1"], id="a database raised"),
        pytest.param(stored({}, shelf=(1, {"books": 2})), stored(), ["loses the database 'shelf'"], id="a database gone"),
    ],
)
def test_what_going_back_loses(updated, returned, said):
    found = [finding.message for finding in lost_on_return(BEFORE, updated, returned, ["cache"])]
    assert len(found) == len(said)
    assert all(words in message for words, message in zip(said, found, strict=True))


def test_what_an_update_loses_counts_both_stores():
    found = lost_in_update(BEFORE, stored({"books": [1, 2], "theme": "dark"}, shelf=(2, {"books": 1})), ["cache"])
    assert [finding.message for finding in found] == ["the update shrinks 'shelf/books' from 2 to 1 records"]


@pytest.mark.parametrize(
    ("invariant", "local", "broken"),
    [
        ({"path": "books", "at_least": 2}, {"books": [1]}, "holds 1, not at least 2"),
        ({"path": "$.books[*]", "at_least": 1}, {"books": [7]}, None),
        ({"path": "theme", "equals": "dark"}, {"theme": "light"}, "not what it must be"),
        ({"path": "theme", "unchanged": True}, {"theme": "light"}, "no longer what the baseline stored"),
        ({"path": "theme", "unchanged": True}, {"theme": "dark"}, None),
    ],
)
def test_invariants(invariant, local, broken):
    found = broken_invariants([Invariant.model_validate(invariant)], stored(local), BEFORE, "after the update")
    assert bool(found) is bool(broken)
    if broken:
        assert broken in found[0].message
        assert found[0].message.startswith("after the update, ")


def test_an_invariant_says_something():
    with pytest.raises(ValidationError, match="say `at_least`"):
        Invariant.model_validate({"path": "books"})


@pytest.mark.parametrize(
    ("drill", "words"),
    [
        (Drill(DrillVerdict.SAFE, "1.2.0"), "safe: nothing is lost on the way back to 1.2.0"),
        (Drill(DrillVerdict.UNKNOWN, "1.2.0", reason="nothing is stored"), "unknown: nothing is stored"),
        (
            Drill(DrillVerdict.UNSAFE, "1.2.0", ("a",), ("b", "c", "d", "e")),
            "unsafe: going back to 1.2.0 would do harm: b; c; d; and 1 more",
        ),
        (Drill(DrillVerdict.UNSAFE, "1.2.0", ("a",)), "unsafe: the update does harm that going back to 1.2.0 does not undo: a"),
    ],
)
def test_a_drill_says_which_step_did_harm(drill, words):
    assert drill.words == words


def picture(path, *, box=(10, 10, 20, 20), size=(100, 100)):
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).rectangle(box, fill="black")
    path.parent.mkdir(exist_ok=True)
    image.save(path)
    return path


def test_screenshots_are_compared_and_the_difference_is_shown(tmp_path):
    old, new = picture(tmp_path / "old" / "ui-popup.png"), picture(tmp_path / "new" / "ui-popup.png", box=(10, 10, 20, 30))
    assert compare_pictures(old, old, tmp_path, 0.0) is None
    found = compare_pictures(new, old, tmp_path, 0.001)
    assert found.share == pytest.approx(110 / 10_000)
    assert compare_pictures(new, old, tmp_path, 0.02) is None
    with Image.open(found.shown) as sheet:
        assert sheet.size == (320, 100)
        assert sheet.getpixel((220 + 15, 25)) == (220, 30, 30)
    larger = picture(tmp_path / "new" / "larger.png", size=(100, 150))
    assert compare_pictures(larger, old, tmp_path, 0.001).share == pytest.approx(1 / 3)


@pytest.mark.parametrize(("setting", "status", "told"), [("show", "passed", 1), ("fail", "failed", 1), ("off", "passed", 0)])
def test_a_difference_fails_only_where_it_is_configured_so(tmp_path, setting, status, told):
    old, new = picture(tmp_path / "old" / "ui-popup.png"), picture(tmp_path / "new" / "ui-popup.png", box=(0, 0, 50, 50))
    after, before = (CheckReport("t", "1", (CheckResult(CheckName.UI, CheckStatus.PASSED, screenshots=(at,)),)) for at in (new, old))
    (result,) = with_differences(after, before, UiSettings(screenshots=setting), tmp_path).checks
    assert (result.status.value, len(result.findings), len(result.screenshots)) == (status, told, 1 + told)


def ui(*findings):
    return CheckReport("t", "1.2.0", (CheckResult.of(CheckName.UI, list(findings)),))


def test_a_fault_of_accessibility_that_was_there_before_is_told_and_fails_nothing():
    old = ui(Finding("accessibility:label", "popup: no label"))
    same, worse = ui(*old.checks[0].findings), ui(*old.checks[0].findings, Finding("page_error", "popup throws"))
    assert without_old_faults(same, old).status == "passed"
    assert "since 1.2.0" in without_old_faults(same, old).checks[0].findings[0].message
    assert without_old_faults(worse, old).status == "failed"
    assert without_old_faults(same, ui()).status == "failed"


def test_masked_texts_are_taken_out_of_everything_that_is_told():
    masking = Masking(("#mail",), {"ann@example.org", "ann"})
    finding = Finding("page_error", "popup throws: ann@example.org", "look", detail="+ ann")
    result = masking.of_result(CheckResult(CheckName.UI, CheckStatus.FAILED, (finding,), console=("log: ann@example.org",), note="ann"))
    assert "ann" not in str(result)
    assert result.findings[0].message == "popup throws: •••"


def test_a_recording_holds_no_credentials():
    har = {
        "log": {
            "entries": [
                {
                    "request": {
                        "cookies": [{"name": "sid"}],
                        "headers": [{"name": "Cookie", "value": "sid=1"}, {"name": "Accept", "value": "*"}],
                    },
                    "response": {"cookies": [1], "headers": [{"name": "set-cookie", "value": "sid=1"}]},
                }
            ]
        }
    }
    _clean(har)
    assert "sid" not in json.dumps(har)
    assert "Accept" in json.dumps(har)


def test_files_that_settings_name_must_be_there_but_golden_files_may_come_later(tmp_path):
    one = {**SHOP, "expect_storage": [{"path": "a", "golden": "later.json"}]}
    resolved = CheckSettings.model_validate({"extraction": [one]}).resolved(tmp_path)
    assert resolved.extraction[0].expect_storage[0].golden == tmp_path / "later.json"
    for settings, where in (
        ({"extraction": [{**SHOP, "har": "none.har"}]}, "extraction 'shop'"),
        ({"extraction": [{**SHOP, "expect_storage": [{"path": "a", "schema": "none.json"}]}]}, "extraction 'shop'"),
        ({"recording": "none.har"}, "recording"),
        ({"custom": {"folder": "none"}}, "custom"),
        ({"data": {"databases_file": "none.json"}}, "data"),
    ):
        with pytest.raises(CheckSettingsError, match=where):
            CheckSettings.model_validate(settings).resolved(tmp_path)


def test_a_schema_is_named_by_its_own_word():
    assert StorageExpectation.model_validate({"path": "a", "schema": "a.json"}).json_schema is not None
    with pytest.raises(ValidationError, match="no page 'popups'"):
        UiSettings.model_validate({"skip": ["popups"]})


class _Tab:
    """A tab of which no picture can be taken; ``gone``: it does not answer either."""

    def __init__(self, *, gone):
        self._gone = gone

    def screenshot(self, **_):
        raise PlaywrightError("Page.screenshot: Protocol error (Page.captureScreenshot): Unable to capture screenshot")

    def evaluate(self, _script):
        if self._gone:
            raise PlaywrightError("Page.evaluate: Target crashed")


def test_a_picture_that_cannot_be_taken_says_nothing_of_the_extension(tmp_path):
    assert Masking().picture(_Tab(gone=False), tmp_path / "picture.png") == []


def test_a_tab_that_is_gone_is_more_than_a_missing_picture(tmp_path):
    with pytest.raises(PlaywrightError, match="crashed"):
        Masking().picture(_Tab(gone=True), tmp_path / "picture.png")
