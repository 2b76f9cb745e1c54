"""Why a source has nothing to say, in both languages."""

from guard.forms import Form
from guard.tellers import NUMBER, VERBATIM, Listed
from guard.vocabulary import SOURCES, UNIT_NAMES

_SOURCE = Listed(SOURCES, takes_others=True)
_UNITS = Listed(UNIT_NAMES, takes_others=True)

NOT_READ = Form("{source} could not be read: {error}", "無法讀取 {source}：{error}", source=_SOURCE, error=VERBATIM)
OUR_NETWORK = Form(
    "nothing can be reached from here, the store neither: the fault is probably our own network, and says nothing of the release",
    "此處無法連線至任何服務，包括商店：可能是本機網路的問題，與此版本無關",
)
NOTHING_YET = Form(
    "Sentry has no {unit} of {release} yet: silence is not health",
    "Sentry 尚無 {release} 的{unit}資料：沒有回報不代表正常",
    unit=_UNITS,
)  # fmt: skip
NONE_TOOK_TIME = Form("Sentry has no {unit} of {release} that took time", "Sentry 沒有 {release} 的{unit}耗時資料", unit=_UNITS)
NOT_HEARD = Form("Sentry has heard nothing of {release} yet", "Sentry 尚未收到 {release} 的任何回報")
NOT_HEARD_IS_NO_HEALTH = Form(
    "Sentry has heard nothing of {release} yet: silence is not health", "Sentry 尚未收到 {release} 的任何回報：沒有回報不代表正常"
)
ADVICE = "count what the extension does with Sentry.metrics.count, or send spans or sessions: failures alone are no rate"
ERRORS_ALONE = Form(
    f"{{errors}} errors of {{release}}, and nothing that they are a share of: {ADVICE}",
    "{release} 有 {errors} 個錯誤，但沒有可計算比例的總數："
    "請以 Sentry.metrics.count 計數，或傳送 spans 或 sessions；只有失敗數無法算出比例",
    errors=NUMBER,
)  # fmt: skip
NO_REQUESTS = Form("Sentry has no requests of {release}", "Sentry 沒有 {release} 的請求資料")
NO_VERSION_HEARD = Form("Sentry has heard nothing of any version for a day", "Sentry 一天內未收到任何版本的回報")
NOT_BY_TIME = Form(
    "this Sentry does not tell {unit} by time: {error}", "此 Sentry 無法依時間提供{unit}：{error}", unit=_UNITS, error=VERBATIM
)
NO_WHOLE_STEP = Form("no whole step of {seconds} s has passed since the release", "發布後尚未滿一個 {seconds} 秒的區間", seconds=NUMBER)
NO_HISTORY = Form(
    "no history: {weeks} of {most} earlier weeks have {unit} at this time",
    "歷史資料不足：先前 {most} 週中只有 {weeks} 週在此時段有{unit}資料",
    weeks=NUMBER, most=NUMBER, unit=_UNITS,
)  # fmt: skip
FIRST_DAY = Form("daily numbers say nothing within the first whole day after a release", "發布後第一個完整日內，每日數字不具意義")
NO_USERS_BY_SESSIONS = Form("Sentry knows no users by sessions", "Sentry 的工作階段沒有使用者資料")
STORE_TELLS_NO_USERS = Form("the store tells no users", "商店沒有提供使用者數")
STORE_IS_BEHIND = Form(
    "the store's newest number is of {day}, the first whole day of the release was {first}",
    "商店最新的數字為 {day}，而此版本的第一個完整日為 {first}",
)
NO_REVIEWS = Form("no new reviews since the release", "發布後沒有新評論")
