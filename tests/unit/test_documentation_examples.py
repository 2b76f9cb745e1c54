"""Every example in the docs is one that works: configuration, workflows, programs."""

import pytest
from documentation.fragments import LANGUAGES, configuration, fault_in
from documentation.reading import Block, all_pages

BLOCKS = [block for page in all_pages() for block in page.blocks]


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.language in {"toml", "yaml", "json", "python", "js"}], ids=str)
def test_an_example_of_the_docs_is_right(block):
    assert fault_in(block) is None


def test_each_language_is_one_that_is_known_here():
    assert [f"{block}: {block.language}" for block in BLOCKS if block.language and block.language not in LANGUAGES] == []


def a_block(language, text):
    return Block("PAGE.md", 3, language, text)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("toml", 'mode = "act"\n[watch]\npoll_seconds = 60\n'),
        (
            "toml",
            '[extension.checks.data]\nseed = {a = 1}\n[[extension.checks.extraction]]\nname = "a"\nopen = "https://a.example"\nexpect_page = [{text = "b"}]\n',
        ),
        ("yaml", "on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps: [{run: make}]\n"),
        (
            "yaml",
            "jobs:\n  build: …\n  guard:\n    needs: build\n    uses: OWNER/REPO/.github/workflows/canary.yml@COMMIT\n    with: {command: watch}\n",
        ),
        ("yaml", "- uses: OWNER/REPO/.github/actions/release-guard@COMMIT\n  with: {command: status}\n"),
        ("yaml", "permissions: {contents: read}\n"),
        ("json", '{"a": 1}'),
        ("python", "def test_it(page):\n    assert page\n"),
        ("js", "import { a } from 'b';\nconst c = async () => { await a(); };\n"),
        ("text", "whatever: ["),
    ],
)
def test_a_right_example_passes(language, text):
    assert fault_in(a_block(language, text)) is None


@pytest.mark.parametrize(
    ("language", "text", "why"),
    [
        ("toml", "mode = act", "Invalid value"),
        ("toml", "[watch]\npoll = 60\n", "poll Extra inputs are not permitted"),
        ("toml", "[thresholds]\nerror_rate = 5\n", "less than or equal to"),
        ("yaml", "a: [", "expected the node content"),
        ("yaml", "jobs:\n  build:\n    run-on: ubuntu-latest\n", "is not valid under any"),
        (
            "yaml",
            "jobs:\n  it:\n    uses: OWNER/REPO/.github/workflows/canary.yml@COMMIT\n    with: {order: watch}\n",
            "takes no order",
        ),
        ("yaml", "jobs:\n  it:\n    uses: OWNER/REPO/.github/workflows/canary.yml@COMMIT\n    secrets: {key: it}\n", "takes no key"),
        ("yaml", "jobs:\n  it:\n    uses: OWNER/REPO/.github/workflows/gate.yml@COMMIT\n", "there is no workflows/gate.yml"),
        ("yaml", "- uses: OWNER/REPO/.github/actions/release-guard@COMMIT\n", "needs command"),
        ("yaml", "just words", "is neither a workflow"),
        ("json", '{"a": }', "Expecting value"),
        ("python", "def test_it(:", "invalid syntax"),
        ("js", "const a = ;", "Unexpected token"),
    ],
)
def test_a_wrong_example_is_found(language, text, why):
    found = fault_in(a_block(language, text))
    assert found is not None
    assert found.startswith("PAGE.md:3: ")
    assert why in found


def test_a_fragment_is_completed_where_its_keys_belong():
    found = configuration('language = "zh-TW"\n[extension.checks]\nheadless = false\n[sentry]\norganization = "o"\nproject = "p"\n')
    assert (found.language.value, found.extension[0].checks.headless, found.sentry.project) == ("zh-TW", False, "p")
    with pytest.raises(ValueError, match="extension"):
        configuration('[[extension]]\nid = "no"\npublisher = "p"\n')
