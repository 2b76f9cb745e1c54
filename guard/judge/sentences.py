"""What verdicts, assessments and diagnoses say, in both languages."""

from collections.abc import Mapping

from guard.forms import Form
from guard.tellers import DECIMAL, DURATION, NUMBER, PERCENT, SAID, VERBATIM, Listed, Vocabulary
from guard.vocabulary import CAUSES, CHECKS, REASONS, SIGNALS, SOURCES, UNITS, VERDICTS, spaced

UNIT = Listed(UNITS, takes_others=True)
SIGNAL, CAUSE = Vocabulary(SIGNALS), Vocabulary(CAUSES)
SOURCE = Listed(SOURCES, takes_others=True)
_CHECKS = Listed(CHECKS)
_SHOWN = Listed({**SIGNALS, **{f"check {name}": f"{chinese}檢查" for name, chinese in CHECKS.items()}})
"""What is in breach: signals, and checks by name."""

# A share of units.
SHARE = Form(
    "{bad} of {total} {unit} on {version} failed ({rate}; {bar}) against {limit} allowed; 99 % sure that the rate is {low}-{high} %",
    "{version} 版的 {total} {unit}中有 {bad} {unit}失敗（{rate}；{bar}），門檻為 {limit}；99% 信賴區間為 {low}% 至 {high}%",
    bad=NUMBER, total=NUMBER, unit=UNIT, rate=PERCENT, bar=SAID, limit=PERCENT, low=DECIMAL, high=DECIMAL,
)  # fmt: skip
SHARE_BY = Form(f"{SHARE.english} [{{source}}]", f"{SHARE.chinese}（來源：{{source}}）", **SHARE.tellers, source=SOURCE)
TOO_FEW = Form("too few for any breach", "數量太少，無法認定異常")
WAS_ENOUGH = Form("{least} would have been enough", "達 {least} 即可認定異常", least=NUMBER)
WOULD_BE_ENOUGH = Form("{least} would be a breach by themselves", "單獨達 {least} 才會認定異常", least=NUMBER)
BESIDE_NOTHING = Form("{version} in the same minutes: nothing was counted", "同一時間 {version} 版沒有計數資料")
BESIDE = Form(
    "{version} in the same minutes: {bad} of {total} ({rate})",
    "同一時間 {version} 版為 {bad}/{total}（{rate}）",
    bad=NUMBER, total=NUMBER, rate=PERCENT,
)  # fmt: skip
SHOWS_NO_RATE = Form("no rate can be proved with so few", "樣本太少，無法證明任何失敗率")
SHOWS_RATES = Form("this traffic can show rates above {rate} %", "以目前流量只能看出高於 {rate}% 的失敗率", rate=NUMBER)
PROVED_WORSE = Form("proved worse than {version} (E {evidence})", "已證實比 {version} 版差（E {evidence}）", evidence=NUMBER)
MAY_BE_OUTAGE = Form(
    "{version} is above the limit as well, which may be an outage: waiting, {held} of {most} polls",
    "{version} 版也超出門檻，可能是服務中斷：等待中，第 {held} 次查詢（共 {most} 次）",
    held=NUMBER, most=NUMBER,
)  # fmt: skip
INCONSISTENT = Form(
    "inconsistent: {bad} failures of {total} {unit}", "數字矛盾：{total} {unit}中有 {bad} 次失敗", bad=NUMBER, total=NUMBER, unit=UNIT
)
NOT_MEASURED = Form("not measured: no source is configured for it", "未測量：沒有設定資料來源")

# The baseline, and counts per hour.
BEFORE, MEANWHILE = "before the release", "in the same minutes"
_WHEN = Vocabulary({BEFORE: "發布前", MEANWHILE: "同一時間"})
NOTHING_COUNTED = Form("nothing was counted {when}", "{when}沒有計數資料", when=_WHEN)
BASELINE_SHARE = Form(
    "{bad} of {total} {unit} on {version} failed {when} ({rate}), {limit} allowed",
    "{when} {version} 版的 {total} {unit}中有 {bad} {unit}失敗（{rate}），門檻為 {limit}",
    bad=NUMBER, total=NUMBER, unit=UNIT, when=_WHEN, rate=PERCENT, limit=PERCENT,
)  # fmt: skip
BASELINE_CRASHES = Form(
    "{events} in {length} on {version} {when}", "{when} {version} 版在 {length}內 {events} 次", events=NUMBER, length=DURATION, when=_WHEN
)
CRASHES = Form(
    "{events} in {length} on {version}, {limit} an hour allowed",
    "{version} 版在 {length}內 {events} 次，門檻為每小時 {limit} 次",
    events=NUMBER, length=DURATION, limit=NUMBER,
)  # fmt: skip
CRASHES_BY = Form(f"{CRASHES.english} [{{source}}]", f"{CRASHES.chinese}（來源：{{source}}）", **CRASHES.tellers, source=SOURCE)
CRASHES_BESIDE = Form("{version} in the same minutes: {events}", "同一時間 {version} 版為 {events} 次", events=NUMBER)
CRASHES_EXPLAINED = Form(
    "not held against the version: its error rate is proved to be within the limit", "不列為此版本的問題：其錯誤率已證實在門檻內"
)

# All versions together.
REPORTS = Form(
    "{count} reports of all versions, where {normal} are normal ({share} %; at least {least} % are no silence)",
    "所有版本共 {count} 筆回報，平時約 {normal} 筆（{share}%；達 {least}% 即不算回報中斷）",
    count=NUMBER, normal=NUMBER, share=NUMBER, least=NUMBER,
)  # fmt: skip
SILENT_ALONE = Form("{version} reports nothing at all, {baseline} still does", "{version} 版完全沒有回報，{baseline} 版仍有")

# Daily numbers, reviews and percentiles.
ONE_NUMBER = Form(
    "{value} {unit}: one aggregated number proves nothing",
    "{value} {unit}：單一彙總數字不足以證明任何事",
    value=NUMBER, unit=Listed({"s": "秒", "95th percentile": "第 95 百分位"}),
)  # fmt: skip
FEW_WEEKS = Form(
    "{value} {unit} on {day}; {weeks} earlier weeks are too few to compare with",
    "{day} 有 {value} {unit}；只有先前 {weeks} 週的資料，不足以比較",
    value=NUMBER, unit=UNIT, weeks=NUMBER,
)  # fmt: skip
DAILY = Form(
    "{value} {unit} on {day}, {change} % against {normal} on the same weekday of {weeks} weeks; "
    "-{drop} allowed (t {statistic}, {needed} needed)",
    "{day} 有 {value} {unit}，與前 {weeks} 週同一天的 {normal} 相比為 {change}%；容許下降 {drop}（t 值 {statistic}，需達 {needed}）",
    value=NUMBER, unit=UNIT, change=NUMBER, normal=NUMBER, drop=PERCENT, statistic=NUMBER, needed=NUMBER,
)  # fmt: skip
REVIEWS = Form(
    "{bad} of {total} new {unit} are bad ({rate}), {limit} allowed",
    "{total} {unit}新增的內容中有 {bad} {unit}為負評（{rate}），門檻為 {limit}",
    bad=NUMBER, total=NUMBER, unit=UNIT, rate=PERCENT, limit=PERCENT,
)  # fmt: skip

# Health checks.
CHECKS_NOT_RUN = Form("the browser checks did not run", "瀏覽器檢查尚未執行")
CHECK_FAILED = Form("{check} failed: {rest}", "{check}檢查未通過：{rest}", check=Vocabulary(CHECKS))
NO_FINDING = Form("no finding was given", "沒有說明")
NOT_FINISHED = Form("could not be run to their end: {checks}", "無法完成的檢查：{checks}", checks=_CHECKS)
NO_CHECK = Form("no check is configured", "沒有設定任何檢查")
CHECKS_PASSED = Form("{checks} passed", "{checks}檢查通過", checks=_CHECKS)
NOT_CONFIGURED = Form("not configured: {checks}", "未設定：{checks}", checks=_CHECKS)
NOT_READ = Form("not read", "未讀取")

# The assessment in one line.
OF_SIGNAL = Form("{signal}: {rest}", "{signal}：{rest}", signal=SIGNAL)
HEADLINE = Form("{verdict}: {rest}", "{verdict}：{rest}", verdict=Vocabulary(VERDICTS))
HEADLINE_WHY = Form(
    "{verdict} ({reason}): {rest}", "{verdict}（{reason}）：{rest}", verdict=HEADLINE.tellers["verdict"], reason=Vocabulary(spaced(REASONS))
)

# How many are affected.
SEEN_OF_ALL = Form(
    "{seen} were seen, of {active} active users by the store",
    "觀察到 {seen} 位；商店統計的活躍使用者為 {active} 位",
    seen=NUMBER,
    active=NUMBER,
)
SEEN_OF_HEARD = Form(
    "{seen} were seen, and {heard} of {active} active users are heard of in a day",
    "觀察到 {seen} 位；{active} 位活躍使用者中，每天有回報的為 {heard} 位",
    seen=NUMBER, active=NUMBER, heard=NUMBER,
)  # fmt: skip
SEEN_ONLY = Form("{seen} were seen; how many use the extension is not known", "觀察到 {seen} 位；使用者總數不明", seen=NUMBER)

# The diagnosis.
# What begins with "unknown: " may be a drill's as well, and is told as that is.
OF_CAUSE = Form(
    "{cause}: {rest}", "{cause}：{rest}", cause=Vocabulary({name: words for name, words in CAUSES.items() if name != "unknown"})
)
NO_BASELINE = Form("there is no baseline to compare with", "沒有可比較的基準版本")
NO_DIAGNOSIS = Form("no diagnosis was made", "尚未診斷")
ONLY_NEW = Form("{version} does not show it: {shown}", "{version} 版沒有此現象：{shown}", shown=_SHOWN)
UNREADABLE = Form("what {version} does could not be read: {shown}", "無法得知 {version} 版的狀況：{shown}", shown=_SHOWN)
BEFORE_AS_BAD = Form("{version} was as bad before the release: {shown}", "{version} 版在發布前就有同樣問題：{shown}", shown=_SHOWN)
FAILS_ALIKE = Form("{version} fails in the same way: {shown}", "{version} 版也同樣失敗：{shown}", shown=_SHOWN)
CHANGES: Mapping[str, Form] = {
    "deployment": Form(
        "the version before failing as often in the same minutes, or failing the same check, would make it external",
        "若前一版在同一時間也同樣失敗，或未通過相同檢查，則應判定為外部因素",
    ),
    "external": Form(
        "the version before recovering while the release does not would make it the deployment",
        "若前一版已恢復而新版沒有，則應判定為此次發布的問題",
    ),
    "pre-existing": Form(
        "the release failing more often than the version before it, in the same minutes, would make it the deployment",
        "若新版在同一時間比前一版更常失敗，則應判定為此次發布的問題",
    ),
    "unknown": Form(
        "counts or checks of the version before, in the same minutes, would decide it", "取得前一版同一時間的計數或檢查結果即可判定"
    ),
}
"""What would change a diagnosis, by its cause."""
CANDIDATE_CHANGES: Mapping[str, Form] = {
    "memory-leak": Form("memory that stays level over an hour would rule it out", "若記憶體用量一小時內維持平穩，即可排除"),
    "connection-issue": Form("a backend that answers from elsewhere would rule it out", "若後端從其他地點可正常回應，即可排除"),
    "resource-exhaustion": Form("room left in the users' storage would rule it out", "若使用者的儲存空間仍有餘裕，即可排除"),
    "capacity": Form("a backend below its limits would rule it out", "若後端尚未達到上限，即可排除"),
}
"""What would rule out a cause that error texts speak of."""
CANDIDATE = Form(
    "{cause}, by the error {text}; {change}",
    "{cause}（依據錯誤訊息 {text}）；{change}",
    cause=CAUSE, text=VERBATIM, change=Vocabulary({form.english: form.chinese for form in CANDIDATE_CHANGES.values()}),
)  # fmt: skip
