"""The Chinese README says all that README.md says: the same sections, code, links and codes, in the Chinese that is written in Taiwan.

Not held to anything: whether a sentence says the same as its English counterpart. Only a reader of both can tell.
"""

import re
import tomllib
from collections import Counter

import pytest
from documentation.command_lines import SHELLS, subcommands, without_comment
from documentation.linking import resolved
from documentation.reading import REPOSITORY, Page

from guard.cli.main import build_parser
from guard.errors import ExitCode
from guard.vocabulary import STRATEGIES, VERDICTS

ENGLISH_NAME, CHINESE_NAME = "README.md", ".github/README.zh-TW.md"
ENGLISH, CHINESE = (Page(name, (REPOSITORY / name).read_text(encoding="utf-8")) for name in (ENGLISH_NAME, CHINESE_NAME))
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"].keys() - {"dev"}
"""What people may install; `dev` is for those who work on it."""
COMMANDS = subcommands(build_parser())
ONLY_CHINESE = frozenset({'language = "zh-TW"'})
"""Code that only the Chinese page names: how to be told things in Chinese."""

HAN = "一-鿿"
WIDE = f"{HAN}，。、；：？！（）「」『』…"
SIMPLIFIED_IN_BIG5 = frozenset("与么优体听坏复并异怀惊机构气离网触赶")
"""Big5, Taiwan's own character set, has next to no simplified letters, so that what it lacks is one. These it has, as rare letters of old."""
OTHER_WORDS_FOR_ROLLBACK = ("回退", "回復", "復原", "還原", "退版")
MAINLAND_WORDS = ("默認", "信息", "軟件", "網絡", "服務器", "用戶", "屏幕", "數據庫", "文檔", "文件夾", "鏈接", "運行", "插件")
"""Frequent words of the mainland, for which Taiwan has others; a list of frequent ones is enough to notice a text made by a machine."""


def faults_of_sections(english, chinese):
    """Other headings, or a heading that was left in English."""
    levels, there = ([level for level, _ in page.headings] for page in (english, chinese))
    if levels != there:
        yield f"headings are of the levels {there}, and in English {levels}"
    # The first heading is the program's name.
    yield from (f"the heading {words!r} is not Chinese" for _, words in chinese.headings[1:] if not re.search(f"[{HAN}]", words))


def faults_of_blocks(english, chinese):
    """Another number or order of blocks of code, another line in one, or a comment that is lost or not translated."""
    if len(english.blocks) != len(chinese.blocks):
        yield f"has {len(chinese.blocks)} blocks of code, and in English {len(english.blocks)}"
    for ours, theirs in zip(english.blocks, chinese.blocks, strict=False):
        # Text that is run by nobody may say so, or say nothing.
        if (ours.language or "text") != (theirs.language or "text"):
            yield f"{theirs}: is {theirs.language}, and in English {ours.language}"
        lines, there = parted(ours), parted(theirs)
        if [code for code, _ in lines] != [code for code, _ in there]:
            yield f"{theirs}: has another line than {ours}"
        elif [bool(comment) for _, comment in lines] != [bool(comment) for _, comment in there]:
            yield f"{theirs}: a comment is lost, or there is one more"
        yield from (f"{theirs}: {comment!r} is not Chinese" for _, comment in there if comment and not re.search(f"[{HAN}]", comment))


def parted(block):
    """The lines of a block, each as its code and its comment; outside of what a shell reads all is code."""
    has_comments = block.language in SHELLS and block.language not in {"console", ""}
    codes = [(line, without_comment(line) if has_comments else line) for line in block.text.splitlines()]
    return [(code.rstrip(), line[len(code) :]) for line, code in codes]


def faults_of_links(english, chinese):
    """A link that is missing, or one more. That each page leads to the other is the same link."""
    led = Counter(ENGLISH_NAME if to == CHINESE_NAME else to for to in targets(english))
    there = Counter(targets(chinese))
    yield from (f"has no link to {to}" for to in (led - there).elements())
    yield from (f"has a link to {to} that README.md has not" for to in (there - led).elements())


def targets(page):
    """Where a page's links lead: names in the repository, or addresses."""
    for link in page.links:
        path, mark, anchor = link.target.partition("#")
        yield (link.target if "://" in link.target else resolved(page.name, path) + mark + anchor)


def faults_of_code_in_sentences(english, chinese):
    """Settings, commands and files that one page names and the other does not."""
    said, there = ({span for _, span in page.spans} for page in (english, chinese))
    yield from (f"`{span}` is not named" for span in sorted(said - there))
    yield from (f"`{span}` is named, and not in README.md" for span in sorted(there - said - COMMANDS.keys() - ONLY_CHINESE))


def faults_of_tables(english, chinese):
    """Codes and pages that stand in other rows than in English; the table of commands is the Chinese page's own."""
    codes, there = table_of(english, "code"), table_of(chinese, "代碼")
    if [row[0] for row in codes] != [row[0] for row in there] or {row[0] for row in there} != {str(code.value) for code in ExitCode}:
        yield f"has the exit codes {[row[0] for row in there]}"
    yield from (
        f"exit code {row[0]} does not say 「{VERDICTS[word]}」"
        for row in there
        if (word := OF_CODES.get(row[0])) and VERDICTS[word] not in row[1]
    )
    named = [row[0].strip("`") for row in table_of(chinese, "指令")]
    if named != list(COMMANDS):
        yield f"has the commands {named}"
    if (rows := len(table_of(chinese, "頁面"))) != len(table_of(english, "page")):
        yield f"has {rows} rows of pages"


OF_CODES = {"0": "healthy", "1": "breach", "3": "inconclusive"}
"""Which verdict ends with which code."""


def table_of(page, first):
    """The rows of the table whose first column is called so."""
    return [row for table in page.tables if table.header[0] == first for row in table.body]


def faults_of_extras(_, chinese):
    """A part that can be installed, and of which nothing is said."""
    yield from (f"does not tell of the extra {extra}" for extra in sorted(EXTRAS) if f"[{extra}]" not in chinese.text)


def faults_of_letters(_, chinese):
    """Simplified letters, anywhere in the page."""
    found = {letter for letter in re.findall(f"[{HAN}]", chinese.text) if letter in SIMPLIFIED_IN_BIG5 or not in_big5(letter)}
    yield from (f"「{letter}」 is a simplified letter" for letter in sorted(found))


def in_big5(letter):
    """Whether Taiwan's character set has it."""
    try:
        letter.encode("big5")
    except UnicodeEncodeError:
        return False
    return True


def faults_of_words(_, chinese):
    """Words that the program does not use for the same thing, and words that nobody in Taiwan uses."""
    if STRATEGIES["ROLLBACK"] not in chinese.text:
        yield f"never says 「{STRATEGIES['ROLLBACK']}」"
    yield from (f"says 「{word}」" for word in (*OTHER_WORDS_FOR_ROLLBACK, *MAINLAND_WORDS) if word in chinese.text)


FAULTS_OF_SETTING = {
    rf"[{HAN}][,.?!:;()][{HAN}]?": "half-width punctuation beside Chinese",
    rf"(?<=[{WIDE}])[ \n](?=[{WIDE}])": "a space, or the end of a line, which is shown as one, inside Chinese",
    rf"[{HAN}][A-Za-z0-9`$]|[A-Za-z0-9`%][{HAN}]": "no space between Chinese and Latin letters, figures or code",
}


def faults_of_setting(_, chinese):
    """How Chinese is set: its own punctuation, no spaces inside it, and one between it and other writing."""
    text = re.sub(r"^```.*?^```$", "", chinese.text, flags=re.DOTALL | re.MULTILINE)
    shown = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", text).replace("**", "")
    comments = [comment for block in chinese.blocks for _, comment in parted(block)]
    for part in (shown, *comments):
        yield from (f"{match[0]!r}: {why}" for pattern, why in FAULTS_OF_SETTING.items() for match in re.finditer(pattern, part))


CHECKS = (
    faults_of_sections,
    faults_of_blocks,
    faults_of_links,
    faults_of_code_in_sentences,
    faults_of_tables,
    faults_of_extras,
    faults_of_letters,
    faults_of_words,
    faults_of_setting,
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("faults_of_"))
def test_the_chinese_readme_is_a_full_counterpart(check):
    assert list(check(ENGLISH, CHINESE)) == []


@pytest.mark.parametrize(
    ("check", "old", "new", "fault"),
    [
        (faults_of_sections, "\n## 結束碼\n", "\n", "headings are of the levels"),
        (faults_of_sections, "\n## 指令\n", "\n### 指令\n", "headings are of the levels"),
        (faults_of_sections, "\n## 指令\n", "\n## Commands\n", "'Commands' is not Chinese"),
        (faults_of_blocks, "```sh\nmake rehearse\n```\n", "", "blocks of code, and in English"),
        (faults_of_blocks, "```sh\nmake rehearse", "```console\nmake rehearse", "is console, and in English sh"),
        (faults_of_blocks, "release-guard rehearse --all", "release-guard rehearse", "has another line than README.md:"),
        (faults_of_blocks, "Rollback completed: 1.3.0 to", "Rollback completed: 1.3.1 to", "has another line than README.md:"),
        (faults_of_blocks, "   # 發布後：", "", "has another line than README.md:"),
        (faults_of_blocks, "rehearse --all\n", "rehearse --all   # 全部\n", "a comment is lost, or there is one more"),
        (faults_of_blocks, "# 產生附有註解的 release-guard.toml", "# writes a commented release-guard.toml", "is not Chinese"),
        (faults_of_links, "[TEAM](TEAM.md)", "TEAM", "has no link to .github/TEAM.md"),
        (faults_of_links, "[TEAM](TEAM.md)", "[TEAM](SETTINGS.md)", "has a link to .github/SETTINGS.md that README.md has not"),
        (faults_of_links, "[English](../README.md)", "", "has no link to README.md"),
        (faults_of_code_in_sentences, '`mode = "act"`', '`mode = "on"`', '`mode = "act"` is not named'),
        (faults_of_code_in_sentences, '`mode = "act"`', '`mode = "on"`', '`mode = "on"` is named, and not in README.md'),
        (faults_of_tables, "\n| 4 | ", "\n| 5 | ", "has the exit codes"),
        (faults_of_tables, "| 3 | 尚無定論", "| 3 | 不明", "exit code 3 does not say 「尚無定論」"),
        (faults_of_tables, "| `doctor` | ", "| `docter` | ", "has the commands"),
        (faults_of_tables, "\n| [CONTRIBUTING](CONTRIBUTING.md) | ", "\n\n[CONTRIBUTING](CONTRIBUTING.md) ", "rows of pages"),
        (faults_of_extras, "`[postgres]`", "`postgres`", "does not tell of the extra postgres"),
        (faults_of_letters, "擴充功能", "扩充功能", "「扩」 is a simplified letter"),
        (faults_of_letters, "與", "与", "「与」 is a simplified letter"),
        (faults_of_words, "回滾", "回復", "never says 「回滾」"),
        (faults_of_words, "回滾", "回復", "says 「回復」"),
        (faults_of_words, "預設值", "默認值", "says 「默認」"),
        (faults_of_setting, "，", ",", "half-width punctuation beside Chinese"),
        (faults_of_setting, "，", ", ", "half-width punctuation beside Chinese"),
        (faults_of_setting, "。\n", ".\n", "half-width punctuation beside Chinese"),
        (faults_of_setting, "# 發布後：", "# 發布後:", "half-width punctuation beside Chinese"),
        (faults_of_setting, "擴充功能", "擴充 功能", "inside Chinese"),
        (faults_of_setting, "，", "，\n", "inside Chinese"),
        (faults_of_setting, "Chrome 擴充功能", "Chrome擴充功能", "no space between Chinese and Latin"),
        (faults_of_setting, "與 `rollback`", "與`rollback`", "no space between Chinese and Latin"),
    ],
)
def test_what_is_not_a_counterpart_is_found(check, old, new, fault):
    """Each check finds one change to the page, such as somebody may make."""
    assert old in CHINESE.text
    found = list(check(ENGLISH, Page(CHINESE_NAME, CHINESE.text.replace(old, new))))
    assert [one for one in found if fault in one], found


@pytest.mark.parametrize(
    ("check", "old", "new"),
    [
        (faults_of_sections, "\n## Exit codes\n", "\n## Exit codes\n\n### More of them\n"),
        (faults_of_blocks, "release-guard doctor  ", "release-guard doctor --json  "),
        (faults_of_links, "[TEAM](.github/TEAM.md)", "[TEAM](.github/TEAM.md#watchers)"),
        (faults_of_code_in_sentences, "`watch --once`", "`watch --once --json`"),
        (faults_of_tables, "\n| 4 | ", "\n| 130 | stopped |\n| 4 | "),
    ],
)
def test_a_change_of_the_english_page_alone_is_found(check, old, new):
    assert old in ENGLISH.text
    assert list(check(Page(ENGLISH_NAME, ENGLISH.text.replace(old, new)), CHINESE))
