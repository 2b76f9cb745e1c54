"""What the health checks find, in Chinese: forms of sentences that `healthchecks` says, which knows nothing of forms.

A test holds each against the source that says it. Errors that an extension or a browser words itself stay as they are.
"""

from guard.forms import Form
from guard.tellers import NUMBER, SAID, VERBATIM, Listed, Vocabulary

_BY = Vocabulary({"the update": "更新", "going back": "退回舊版"})
_KINDS = Vocabulary(
    {"a yes or no": "布林值", "a number": "數字", "a text": "文字", "a list": "清單", "an object": "物件", "nothing": "空值"}
)
_PAGES = Listed(
    {
        "popup": "彈出視窗",
        "options": "選項頁",
        "side_panel": "側邊面板",
        "newtab": "新分頁",
        "history": "歷史紀錄頁",
        "bookmarks": "書籤頁",
        "devtools": "開發者工具頁",
    },
    takes_others=True,
)

# Loading.
SCRIPT_SYNTAX = Form("the content script {name} cannot be parsed: {fault}", "內容腳本 {name} 無法解析：{fault}", fault=VERBATIM)
WORKER_SILENT = Form("the service worker did not start within {seconds} s", "service worker 未在 {seconds} 秒內啟動", seconds=NUMBER)
DISABLED = Form("Chromium disabled the extension", "Chromium 停用了此擴充功能")
WORKER_FAILED = Form("the service worker does not start: {error}", "service worker 無法啟動：{error}", error=VERBATIM)
MANIFEST_WARNING = Form("Chromium's word on the manifest: {error}", "Chromium 對 manifest 的說明：{error}", error=VERBATIM)
MISSING_FILE = Form("{field} names {name}, which is not in the package", "{field} 指定的 {name} 不在套件中")
CHROME_APP = Form("this is a Chrome App, which Chrome no longer runs", "這是 Chrome 應用程式，Chrome 已不再支援")
OLD_MANIFEST = Form("this is Manifest V{version}, which Chrome no longer runs", "這是 Manifest V{version}，Chrome 已不再支援")
WRONG_MANIFEST = Form("manifest_version is {version}; Chrome only takes 3", "manifest_version 為 {version}；Chrome 只接受 3")
WRONG_TYPE = Form("{field} is not {expected}, so Chrome ignores it", "{field} 不是 {expected}，因此 Chrome 會忽略")
MISSING_IMPORT = Form("{name} imports {module}, which is not in the package", "{name} 匯入的 {module} 不在套件中")
PERMISSION_REFUSED = Form(
    "{script} uses chrome.{api}, and the manifest does not ask for the permission {permission}: Chromium does not give it",
    "{script} 使用 chrome.{api}，但 manifest 未要求 {permission} 權限，因此 Chromium 不提供",
)
PERMISSIONS_DISABLE = Form(
    "the update is disabled for users until they accept: {permissions}, which {version} did not ask for",
    "使用者接受前更新會被停用：{permissions}，{version} 版並未要求這些權限",
)
PERMISSIONS_ADDED = Form(
    "asks for more than {version} did, without a warning to users: {permissions}",
    "比 {version} 版要求更多權限，但不會警告使用者：{permissions}",
)
LOAD_REFUSED = Form("Chromium does not load the extension: {error}", "Chromium 無法載入此擴充功能：{error}", error=VERBATIM)
UPDATE_REFUSED = Form("Chromium does not take the update: {error}", "Chromium 不接受此更新：{error}", error=VERBATIM)
NOT_RUN = Form("not run: Chromium does not load the extension", "未執行：Chromium 無法載入此擴充功能")
TIME_LIMIT = Form("did not end within {seconds} s; the browser was ended", "未在 {seconds} 秒內結束；已關閉瀏覽器", seconds=NUMBER)
HARNESS = Form("could not be run to its end: {words}", "無法執行完畢：{words}", words=VERBATIM)
FLAKY = Form("failed once and passed when it was repeated", "失敗一次，重跑後通過")

# Extraction; the scenario's name stands before each.
OPENS_NOT = Form("{scenario}: {address} cannot be opened: {error}", "{scenario}：無法開啟 {address}：{error}", error=VERBATIM)
EXPECTED = Form("{scenario}: expected {wanted}, found {found}", "{scenario}：預期{wanted}，實際為 {found}", wanted=SAID, found=SAID)
ON_THE_PAGE = Form("{wanted} on the page", "頁面上有 {wanted}", wanted=SAID)
IN_THE_POPUP = Form("{wanted} in the popup", "彈出視窗中有 {wanted}", wanted=SAID)
SO_MANY = Form("{count} of {selector}", "{count} 個 {selector}", count=NUMBER)
THE_TEXT = Form("the text {text}", "文字 {text}")
IN_STORAGE = Form("{count} in storage at {path}", "儲存空間的 {path} 有 {count} 筆", count=NUMBER)
NOTHING = Form("nothing", "無")
STEP_FAILED = Form("{scenario}: step {number} ({step}): {rest}", "{scenario}：第 {number} 步（{step}）：{rest}", number=NUMBER)
STEPS_LEFT = Form(
    "{count} more {steps} not done", "尚有 {count} {steps}未執行", count=NUMBER, steps=Vocabulary({"step": "步", "steps": "步"})
)
NO_STORAGE = Form(
    "{scenario}: the extension has no chrome.storage.local (is the permission `storage` missing?)",
    "{scenario}：此擴充功能沒有 chrome.storage.local（是否缺少 `storage` 權限？）",
)
NO_POPUP = Form("the manifest names no popup (action.default_popup)", "manifest 未指定彈出視窗（action.default_popup）")
NO_COMMAND = Form("the manifest names no command {command}; it names {commands}", "manifest 沒有 {command} 指令；只有 {commands}")
NO_WORKER = Form("the extension has no service worker that runs", "此擴充功能沒有執行中的 service worker")
NO_MESSAGE = Form("no such message was sent", "沒有送出這樣的訊息")
WRONG_ANSWER = Form("the answer is {answer}, which does not hold {wanted}", "回應為 {answer}，不含 {wanted}")
NOTHING_STORED = Form("nothing is stored at {path}", "{path} 沒有儲存任何資料")
STORED_DIFFERS = Form("{scenario}: what is stored at {path} is not {wanted}", "{scenario}：{path} 儲存的資料不是 {wanted}", wanted=VERBATIM)
BREAKS_SCHEMA = Form(
    "{scenario}: what is stored at {path} breaks its schema: {faults}",
    "{scenario}：{path} 儲存的資料不符結構描述：{faults}",
    faults=VERBATIM,
)
STORED_NOT_GOLDEN = Form(
    "{scenario}: what is stored at {path} is not what {golden} holds", "{scenario}：{path} 儲存的資料與 {golden} 的內容不同"
)
TEXT_NOT_GOLDEN = Form(
    "{scenario}: the text of {selector} is not what {golden} holds", "{scenario}：{selector} 的文字與 {golden} 的內容不同"
)
NO_GOLDEN = Form("{scenario}: there is no golden file {golden} for {what}", "{scenario}：沒有 {what} 的基準檔 {golden}")

# The extension's own pages.
PAGE_NOT_OPENED = Form("{page} does not open: {error}", "{page}無法開啟：{error}", page=_PAGES, error=VERBATIM)
TEXT_MISSING = Form("{page} does not show {text}", "{page}沒有顯示 {text}", page=_PAGES)
BLANK = Form("{page} is blank", "{page}是空白的", page=_PAGES)
THROWS = Form("{page} throws: {error}", "{page}發生例外：{error}", page=_PAGES, error=VERBATIM)
THROWS_AT = Form("{page} throws when {button} is clicked: {error}", "點選 {button} 時{page}發生例外：{error}", page=_PAGES, error=VERBATIM)
NOT_LOADED = Form("{page} cannot load {address}", "{page}無法載入 {address}", page=_PAGES)
LOGS_ERROR = Form("{page} logs an error: {error}", "{page}記錄了錯誤：{error}", page=_PAGES, error=VERBATIM)
UNTRANSLATED = Form(
    "{count} messages of {default} are not translated into {language}: {names}",
    "{default} 的 {count} 則訊息尚未翻譯成 {language}：{names}",
    count=NUMBER,
)  # fmt: skip
LOOKS_DIFFERENT = Form("{picture} differs from the baseline's in {share} of its pixels", "{picture} 與基準版本有 {share} 的像素不同")

# Stored data.
_SIZE = SAID
LOSES = Form("{by} loses {key} ({size})", "{by}會遺失 {key}（{size}）", by=_BY, size=_SIZE)
SHRINKS = Form("{by} shrinks {key} from {before} to {after}", "{by}使 {key} 由 {before} 減為 {after}", by=_BY, before=_SIZE, after=_SIZE)
LOSES_DATABASE = Form("{by} loses the database {name}", "{by}會遺失資料庫 {name}", by=_BY)
LOSES_STORE = Form("{by} loses the store {name} ({count} records)", "{by}會遺失物件儲存區 {name}（{count} 筆）", by=_BY, count=NUMBER)
SHRINKS_STORE = Form(
    "{by} shrinks {name} from {before} to {after} records",
    "{by}使 {name} 由 {before} 筆減為 {after} 筆",
    by=_BY, before=NUMBER, after=NUMBER,
)  # fmt: skip
ONE_ENTRY = Form("{count} entry", "{count} 筆", count=NUMBER)
ENTRIES = Form("{count} entries", "{count} 筆", count=NUMBER)
A_VALUE = Form("a value", "一個值")
HOLDS = Form("{moment}, {path} holds {size}, not at least {least}", "{moment}，{path} 只有 {size}，少於 {least}", moment=SAID)
NOT_WHAT = Form("{moment}, {path} is not what it must be", "{moment}，{path} 與預期不同", moment=SAID)
NO_LONGER = Form("{moment}, {path} is no longer what the baseline stored", "{moment}，{path} 已不是基準版本所儲存的內容", moment=SAID)
AFTER_UPDATE = Form("after the update to {version}", "更新至 {version} 版後")
AFTER_RETURN = Form("after going back", "退回舊版後")
UNDER_BASELINE = Form("under {version} already, so it is not looked at", "在 {version} 版時即如此，因此不檢查")
RESHAPED = Form(
    "{key} is {now} now, and was {then} under the baseline", "{key} 現在是{now}，基準版本儲存的是{then}", now=_KINDS, then=_KINDS
)
UNREADABLE = Form(
    "the database {name} is at version {now} and the baseline opens version {then}, which Chromium refuses",
    "資料庫 {name} 已是第 {now} 版，而基準版本開啟的是第 {then} 版，Chromium 會拒絕",
    now=NUMBER, then=NUMBER,
)  # fmt: skip
FAILS_ON_IT = Form("the baseline fails on what it finds: {rest}", "基準版本無法處理現有資料：{rest}")
WOULD_HARM = Form("a rollback to {version} would do harm: see the drill", "回滾至 {version} 版會造成損害：請見回滾演練")

# Why a drill says nothing.
NOTHING_TO_DRILL = Form(
    "nothing is stored under the baseline: give [extension.checks.data] `seed` or `databases_file`, or a scenario that stores something",
    "基準版本沒有儲存任何資料：請在 [extension.checks.data] 設定 `seed` 或 `databases_file`，或加入會儲存資料的情境",
)
