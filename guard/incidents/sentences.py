"""What stands beside the events of a timeline, in Chinese: what the response says, and titles of the guard's own.

Most of it is said by modules above this one; a test holds each form against the source that says it.
"""

import re

from guard.forms import Form
from guard.incidents.terms import ROLES
from guard.tellers import NUMBER, VERBATIM, Listed, Shape, Vocabulary
from guard.vocabulary import CHECKS, MODES, RELEASE_STATES, SIGNALS, spaced

_VERSION = Shape(re.compile(r"(\d{1,10}(?:\.\d{1,10}){0,3})"), r"\1")
_SEVERITY = Shape(re.compile(r"(P[0-3])"), r"\1")

# Titles.
TITLE = Form("{version}: {rest}", "{version}：{rest}", version=_VERSION)
TITLE_PARTS = (
    Form("{checks} check failed", "{checks}檢查未通過", checks=Listed(CHECKS)),
    Form("{signal} over its limit", "{signal}超出門檻", signal=Vocabulary(spaced(SIGNALS) | {"extension crashes": "擴充功能當機次數"})),
    Form("reports dry up", "回報量驟減"),
    Form("active users fall", "活躍使用者減少"),
    Form("bad reviews", "負評增加"),
    Form("too slow", "回應過慢"),
    Form("rollback asked for by hand", "人工要求回滾"),
)
"""What the guard makes titles of; a person's own title is none of them."""
STORE_REASON = Form("{incident} ({severity}): {rest}", "{incident}（{severity}）：{rest}", severity=_SEVERITY)

# The decision and what people say to it.
NO_SAFEGUARD = Form("no safeguard forbids it, and the mode is act", "沒有任何安全限制，且模式為自動執行（act）")
NO_SAFEGUARD_AND_ASKS = Form(
    "no safeguard forbids it; the mode is {mode}, so a person says yes with {command}",
    "沒有任何安全限制；模式為{mode}，因此由人員執行 {command} 核准",
    mode=Vocabulary(MODES),
)  # fmt: skip
YES_OR_NO = Form("`{approve}`, or `{abort}`", "`{approve}`，或 `{abort}`")
ASKED_BY = Form("asked for by {by}: {reason}", "由 {by} 要求：{reason}", reason=VERBATIM)
CHOSEN_BY = Form("{by} chose the rollback", "{by} 選擇了回滾")

# Severity and roles.
SAYS = Form("{severity}, says {by}", "由 {by} 指定為 {severity}", severity=_SEVERITY)
ON_CALL = Form("on call now", "目前值班")
TOOK_COMMAND = Form("has taken it on, and nobody commanded it", "接手處理，且當時沒有指揮官")
ROLE_HELD = Form("{role}: {holder}", "{role}：{holder}", role=Vocabulary({role.english: role.chinese for role in ROLES.values()}))

RELEASE_SEEN = Form(
    "{version} ({state}) first seen {at} UTC",
    "{version} 版（{state}）於 {at} UTC 首次看到",
    version=_VERSION, state=Vocabulary(RELEASE_STATES),
)  # fmt: skip

# Clocks.
DUE = Form("due at {at} UTC", "期限為 {at} UTC")
WAS_DUE = Form("was due at {at} UTC", "期限為 {at} UTC")
ASKED_FIRST = Form("{name} was asked first, and nobody has acknowledged it", "先前已通知 {name}，但仍無人接手")
NOBODY_ASKED = Form("nobody was asked first, and nobody has acknowledged it", "先前無人可通知，目前仍無人接手")
NOT_IN_TIME = Form("it is not resolved in time", "未能如期解決")

# Orders.
PAUSED = Form("automatic actions paused", "暫停自動動作")
RESUMED = Form("automatic actions resumed", "恢復自動動作")
WERE_PAUSED = Form("they were paused by {by}: {reason}", "先前由 {by} 暫停：{reason}", reason=VERBATIM)
BLOCKED = Form("{version} blocked: nobody goes back to it", "封鎖 {version} 版：不得退回此版本", version=_VERSION)
UNBLOCKED = Form("{version} unblocked", "解除封鎖 {version} 版", version=_VERSION)
SILENCED = Form("people are not told until {at} UTC", "在 {at} UTC 之前不通知人員")
TOLD_AGAIN = Form("people are told again", "恢復通知人員")

# A repair by the team's own command.
EXITED = Form("exit code {code} after {seconds} s", "結束代碼 {code}，耗時 {seconds} 秒", code=NUMBER, seconds=NUMBER)
TIMED_OUT = Form(
    "stopped at its time limit of {limit} s after {seconds} s",
    "達到時間上限 {limit} 秒而停止，耗時 {seconds} 秒",
    limit=NUMBER, seconds=NUMBER,
)  # fmt: skip
NOT_STARTED = Form(
    "{command} cannot be started: {error} after {seconds} s", "無法啟動 {command}：{error}，耗時 {seconds} 秒", seconds=NUMBER
)
OUTPUT_ENDS = Form("its output ends: {output}", "輸出結尾：{output}", output=VERBATIM)

# The end.
CHECKS_WELL = Form("the health checks passed", "健康檢查已通過")
CANARY_WELL = Form("the canary passes again on {version}: {rest}", "{version} 版的定期檢查再次通過：{rest}")
ROLLED_BACK = Form("rolled back to the code of {target} as {version}", "已以 {version} 版號換回 {target} 的程式")
USERS_WELL = Form("users are well: {rest}", "使用者恢復正常：{rest}")

# What the store says, in its own words behind ours.
STORE_REFUSED = Form("the Chrome Web Store refused: {rest}", "Chrome 線上應用程式商店拒絕：{rest}")
STORE_REFUSED_US = Form("the Chrome Web Store refused our credentials: {rest}", "Chrome 線上應用程式商店拒絕我們的憑證：{rest}")
GOOGLE_REFUSED_US = Form("Google refused the credentials: {rest}", "Google 拒絕憑證：{rest}")
QUOTA_USED_UP = Form("the Chrome Web Store's quota is used up: {rest}", "Chrome 線上應用程式商店的配額已用盡：{rest}")
ITEM_UNKNOWN = Form("the Chrome Web Store does not know the item: {rest}", "Chrome 線上應用程式商店不認得此項目：{rest}")
STORE_FAILED = Form("the Chrome Web Store failed: {rest}", "Chrome 線上應用程式商店發生錯誤：{rest}")
STORE_LATE = Form("the Chrome Web Store did not answer in time", "Chrome 線上應用程式商店未及時回應")
ANSWER_LATE = Form("the Chrome Web Store's answer did not come in time", "Chrome 線上應用程式商店的回應未及時送達")
STORE_UNREACHABLE = Form("the Chrome Web Store cannot be reached", "無法連線至 Chrome 線上應用程式商店")
CONNECTION_BROKE = Form("the connection to the Chrome Web Store broke before its answer came", "在 Chrome 線上應用程式商店回應前連線中斷")
ANSWER_BROKE_OFF = Form("the Chrome Web Store's answer broke off", "Chrome 線上應用程式商店的回應中斷")
TOKENS_UNREACHABLE = Form("Google's token service cannot be reached", "無法連線至 Google 的權杖服務")
UPDATES_FAILED = Form("the update service failed: HTTP {status}", "更新服務發生錯誤：HTTP {status}", status=NUMBER)
UPDATES_ANSWERED = Form("the update service answered HTTP {status}", "更新服務回應 HTTP {status}", status=NUMBER)
