"""The pages hang together: links lead somewhere, each page is found from the README, has a form that can be read, and is spelt right."""

import pytest
from documentation.form import MOST_LINES, faults_of_form, not_in_index
from documentation.linking import Files, broken_links, resolved
from documentation.reading import REPOSITORY, Page, all_pages, slug_of
from documentation.spelling import AMERICAN, is_known, misspelt, own_words

PAGES = all_pages()
FILES = Files()


def test_every_link_leads_somewhere():
    assert broken_links(PAGES, FILES) == []


def test_every_page_is_found_from_the_readme():
    assert not_in_index(PAGES) == []


def test_the_chinese_readme_leads_to_the_same_places():
    each = {"README.md", ".github/README.zh-TW.md"}
    led = [each | {resolved(page.name, link.target) for link in page.links} for page in PAGES if page.name in each]
    assert len(led) == len(each)
    assert led[0] == led[1]


@pytest.mark.parametrize("read", PAGES, ids=repr)
def test_a_page_can_be_read(read):
    assert list(faults_of_form(read)) == []


@pytest.mark.parametrize("read", PAGES, ids=repr)
def test_plain_words_are_spelt_right(read):
    assert misspelt(read) == [], "a word that is right, and that the dictionary does not know, goes into tests/documentation/words.txt"


A = Page(".github/A.md", "# One way\n\n## Two `ways` & back\n\n## Two `ways` & back\n\n## 狀態 page\n")
THERE = {"README.md": True, ".github/A.md": True, ".github/B.md": True, "guard/config.py": True, ".github": True}


def test_anchors_are_those_that_github_makes():
    assert {"one-way", "two-ways--back", "two-ways--back-1", "狀態-page"} == A.anchors
    assert slug_of("What it says: (in 3.11), `--json`?") == "what-it-says-in-311---json"


@pytest.mark.parametrize(
    ("target", "wrong"),
    [
        ("A.md", None),
        ("A.md#two-ways--back-1", None),
        ("#here", None),
        ("../README.md", None),
        ("../guard/config.py", None),
        ("https://example.com/a?b=c#d", None),
        ("A.md#two", "leads to no heading there"),
        ("#there", "leads to no heading there"),
        ("../guard/config.py#load", "leads to no heading there"),
        ("C.md", "leads to no file of the repository"),
        ("../../README.md", "leads to no file of the repository"),
        ("/README.md", "leads to no file of the repository"),
        ("http://example.com", "is no https address"),
        ("https://", "is no https address"),
        ("mailto:ann@example.com", "is no https address"),
    ],
)
def test_a_link_that_leads_nowhere_is_found(target, wrong):
    page = Page(".github/B.md", f"# Here\n\nSee [it]({target}).\n")
    assert broken_links([A, page], THERE) == ([f".github/B.md:3: {target}: {wrong}"] if wrong else [])


def test_a_picture_is_a_link_too():
    assert broken_links([Page("README.md", "![a plot](plot.svg)")], THERE) == ["README.md:1: plot.svg: leads to no file of the repository"]


def test_what_lies_there_is_what_is_tracked(tmp_path):
    assert FILES["README.md"]
    assert FILES[".github/workflows"]
    assert FILES["guard/config.py"]
    assert not FILES["guard/nothing.py"]
    assert not Files(tmp_path)["README.md"]
    assert (REPOSITORY / "README.md").is_file()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("# A\n\nwell\n", None),
        ("# A\n\n| " + "x" * 200 + " |\n|---|\n", None),
        ("# A\n\n" + "x" * 181 + "\n", "PAGE.md:3: is 181 columns wide"),
        ("# A\n" + "\n" * MOST_LINES, "PAGE.md: has 301 lines, and 300 at most are read"),
        ("# A\n\nwell \n", "PAGE.md:3: ends with a space"),
        ("well\n", "PAGE.md: has no single title at its top"),
        ("# A\n\n# B\n", "PAGE.md: has no single title at its top"),
        ("# A\n\n### B\n", "PAGE.md: 'B' is 2 levels below the heading above it"),
        ("# A\n\n```\nx\n```\n", "PAGE.md:4: a block of code has no language"),
    ],
)
def test_a_fault_of_form_is_found(text, fault):
    assert list(faults_of_form(Page("PAGE.md", text))) == ([fault] if fault else [])


def test_a_page_that_nobody_leads_to_is_found():
    readme = Page("README.md", "# R\n\n[a](.github/A.md#one-way)\n")
    assert not_in_index([readme, A, Page(".github/B.md", "# B\n")]) == [".github/B.md"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A rollback's outcome is seen, and the page isn't blank; `teh` is code, and so is\n\n```sh\nteh\n```\n", []),  # codespell:ignore
        ("A rollback is seperate.", ["seperate"]),  # codespell:ignore
        ("| a | b |\n|---|---|\n| well | thier |\n", ["thier"]),  # codespell:ignore
        ("```sh\nrelease-guard status --json   # what becuase of\n```\n", ["becuase"]),  # codespell:ignore
        ("A well-knwon word, SQLite, PostgreSQL and HTTP.", ["knwon"]),  # codespell:ignore
        ("## Headigns\n", ["headigns"]),
        ("The color of it.", ["color: these docs say colour"]),
        ("看一下 `gate` 的 outcoem", ["outcoem"]),
    ],
    ids=["all right", "a sentence", "a table", "a comment", "a part of a word, and names", "a heading", "American", "in Chinese"],
)
def test_a_misspelt_word_is_found(text, words):
    assert [found.split(":", 2)[2].strip() for found in misspelt(Page("PAGE.md", text))] == words


def test_the_lists_agree():
    assert all(is_known(british) and not own_words() & {american} for american, british in AMERICAN.items())
    assert "popup" in own_words()
    assert not is_known("seperate")  # codespell:ignore
