"""What decisions, repair plans and safeguards say, in both languages."""

from guard.forms import Form
from guard.judge.sentences import CAUSE
from guard.tellers import NUMBER, SAID, Listed, Vocabulary
from guard.vocabulary import CAUSES, RISKS, STRATEGIES, VERDICTS
from healthchecks.result import DRILL_WORDS

_STRATEGY = Vocabulary(STRATEGIES)
_CAUSES = Listed(CAUSES)

# The decision.
ALL_HEALTHY = Form("every required signal is proved healthy", "所有必要訊號均已證實正常")
NOT_ENOUGH = Form("not enough evidence to act: {rest}", "證據不足，不採取動作：{rest}")
BY_PEOPLE = Form("{strategy} is done by people", "{strategy}須由人員執行", strategy=_STRATEGY)

# Why a strategy is the plan, or is not.
FASTEST_FIRST = Form(
    "P0 inside the rollback window, and the release is the cause: {rest}", "P0 事件仍在可回滾時間內，且原因為此次發布的版本：{rest}"
)
NO_OTHER = Form("no other strategy cures {cause}: {rest}", "沒有其他方案可解決{cause}：{rest}", cause=CAUSE)
SOONEST = Form(
    "it restores soonest ({seconds} s) after {cause}: {rest}",
    "原因為{cause}，此方案恢復最快（{seconds} 秒）：{rest}",
    cause=CAUSE,
    seconds=NUMBER,
)
SLOWER = Form(
    "it cures {cause} as well, but takes {seconds} s, where {chosen} takes {fastest} s",
    "也能解決{cause}，但需 {seconds} 秒，而{chosen}只需 {fastest} 秒",
    cause=CAUSE, seconds=NUMBER, chosen=_STRATEGY, fastest=NUMBER,
)  # fmt: skip
LAST_RESORT = Form(
    "it takes {seconds} s, where {chosen} takes {fastest} s, and waits for a review; it is what is left where nothing else helps",
    "需 {seconds} 秒（{chosen}為 {fastest} 秒），且須等待審查；僅在其他方案都無效時採用",
    seconds=NUMBER, chosen=_STRATEGY, fastest=NUMBER,
)  # fmt: skip
OTHER_CAUSE = Form("it cures {cures}, and the cause is {cause}", "適用的原因為{cures}，而本次原因為{cause}", cures=_CAUSES, cause=CAUSE)
ONLY_SPOKEN_OF = Form("error texts speak of {causes}, which proves nothing yet", "錯誤訊息指向{causes}，但尚未證實", causes=_CAUSES)

# A plan, line by line.
RESTORES = Form(
    "restores in about {seconds} s, risk {risk}; users' data: {rest}",
    "約 {seconds} 秒可恢復，風險{risk}；使用者資料：{rest}",
    seconds=NUMBER, risk=Vocabulary(RISKS),
)  # fmt: skip
NUMBERED = Form("{number}. {rest}", "{number}. {rest}", number=NUMBER)
WILL_NOT = Form("will not: {rest}", "不會：{rest}")
NOT_CHOSEN = Form("not {strategy}: {rest}", "不採用{strategy}：{rest}", strategy=_STRATEGY)

# Users' data.
NOBODY_LOOKED = Form("unknown: nobody has looked", "未知：尚未檢查")
NOT_DRILLED = Form(
    "unknown: {strategy} is not drilled; nobody is taken back to an older version",
    "未知：{strategy}不做演練；沒有人會退回舊版本",
    strategy=_STRATEGY,
)  # fmt: skip
NO_WAY_BACK = Form("unknown: there is no version to go back to", "未知：沒有可退回的版本")
WAY_NOT_DRILLED = Form("unknown: the way back to {version} was not drilled", "未知：退回 {version} 版的過程未經演練")
DRILL_UNKNOWN = Form(DRILL_WORDS["unknown"], "未知：{rest}")
DRILL_SAFE = Form(DRILL_WORDS["safe"], "安全：退回 {baseline} 版不會遺失任何資料")
DRILL_HARMS = Form(DRILL_WORDS["harmful"], "不安全：退回 {baseline} 版會造成損害：{rest}")
UPDATE_HARMS = Form(DRILL_WORDS["already harmful"], "不安全：更新造成的損害無法因退回 {baseline} 版而復原：{rest}")
_HARMS, _UPDATE_HARMS = (DRILL_WORDS[name].removeprefix("unsafe: ") for name in ("harmful", "already harmful"))
HARMS_ALONE = Form(_HARMS, "退回 {baseline} 版會造成損害：{rest}")
UPDATE_HARMS_ALONE = Form(_UPDATE_HARMS, "更新造成的損害無法因退回 {baseline} 版而復原：{rest}")
AND_MORE = Form(DRILL_WORDS["more"], "另有 {count} 項", count=NUMBER)

# Who is reached.
REACHES_ALL = Form(
    "reaches: {version} is published to all users, each of whom gets it when the browser next updates",
    "影響對象：{version} 版已發布給所有使用者，瀏覽器下次更新時便會取得",
)
REACHES_PART = Form(
    "reaches: {version} is rolled out to {share} % of users; the other {others} % do not get it",
    "影響對象：{version} 版發布給 {share}% 的使用者；其餘 {others}% 不會取得",
    share=NUMBER, others=NUMBER,
)  # fmt: skip
REACHES_PART_BESIDE = Form(
    "reaches: {version} is rolled out to {share} % of users; the other {others} % still get {target}",
    "影響對象：{version} 版發布給 {share}% 的使用者；其餘 {others}% 仍取得 {target} 版",
    share=NUMBER, others=NUMBER,
)  # fmt: skip

# What a rollback does and does not.
CODE_COMES_BACK = Form(
    "the code of {target} comes back as {number}, for all users; {free} stays free for the team",
    "以 {number} 版號換回 {target} 的程式，對象為所有使用者；{free} 保留給團隊使用",
)
OLDER_COMES_BACK = Form(
    "an older version's code comes back as {number}, for all users; {free} stays free for the team",
    "以 {number} 版號換回較舊版本的程式，對象為所有使用者；{free} 保留給團隊使用",
)
NO_DATA_BACK = Form("bring back data that users have lost already", "找回使用者已遺失的資料")
NOT_AT_ONCE = Form(
    "reach users at once: each gets it when the browser next updates, which takes hours",
    "立即送達使用者：要等瀏覽器下次更新，可能需數小時",
)
NO_MENDING = Form(
    "mend the fault: {version} stays bad, and a fix is the team's next release",
    "修正問題本身：{version} 版仍標記為不良，修正須由團隊於下一版發布",
)
NOT_ONLY_THE_SHARE = Form(
    "reach only the {share} %: the store publishes a rollback to all users",
    "只送達那 {share}% 的使用者：商店會將回滾發布給所有人",
    share=NUMBER,
)
NEVER_RAISED = Form(
    "raise the share of {version} above {share} %: it is not proved healthy",
    "將 {version} 版的發布比例提高到 {share}% 以上：它尚未證實正常",
    share=NUMBER,
)  # fmt: skip

# What people do for a hotfix.
MEND = Form(
    "mend {version}, and number it {number}, which is free (a rollback would take {taken})",
    "修正 {version} 版，版號使用尚未占用的 {number}（回滾會使用 {taken}）",
)
TAKE_BACK = Form(
    "{pending} must be taken back before anything else can be submitted: {cancel}",
    "須先撤回 {pending} 才能提交其他版本：{cancel}",
    pending=SAID,
)  # fmt: skip
SEE_WHAT_WAITS = Form(
    "see {look}: what waits for review must be taken back first, with {cancel}", "查看 {look}：等待審查的版本須先以 {cancel} 撤回"
)
NOTHING_WAITS = Form("nothing waits for review, so nothing has to be taken back", "沒有等待審查的版本，無須撤回")
PUBLISH = Form(
    "{staged}, then {publish} once it is approved (without --percent where there are fewer than 10,000 users)",
    "{staged}，核准後執行 {publish}（使用者少於 10,000 人時不加 --percent）",
)
NOT_BY_ITSELF = Form("happen by itself: people mend and publish", "自動完成：須由人員修正並發布")
NOT_BEFORE_REVIEW = Form(
    "help users before the review is over: they keep {version} until then", "在審查結束前幫助使用者：在此之前他們仍使用 {version} 版"
)

# What people do with a command of their own.
RUN_COMMAND = Form("a person says {say}, which runs {command}", "由人員執行 {say}，即會執行 {command}")
_WORK_OF = {
    "SERVICE_RESTART": ("restart the service that the extension talks to", "重新啟動擴充功能所連線的服務"),
    "INFRASTRUCTURE_SCALE": ("give the service that the extension talks to more capacity", "為擴充功能所連線的服務增加容量"),
}
WORK = {
    name: Form(
        f"{english} (a command in {{setting}} under [repair] could be run with {{run}})",
        f"{chinese}（可在 [repair] 的 {{setting}} 設定指令，再以 {{run}} 執行）",
    )
    for name, (english, chinese) in _WORK_OF.items()
}
"""What people do, by strategy, where the team has given no command."""
WATCH_SIGNALS = Form("watch the signals: the guard goes on judging the release as before", "持續觀察訊號：系統照常評估此版本")
A_PERSON_RUNS = Form("happen by itself: a person runs it", "自動執行：須由人員執行")
USERS_KEEP = Form("change what users have: they keep {version}", "改變使用者的版本：他們仍使用 {version} 版")

# Safeguards.
NO_BREACH = Form("the verdict is {verdict}, not a breach", "判定為{verdict}，並非異常", verdict=Vocabulary(VERDICTS))
WINDOW_OVER = Form("the rollback window of {window} after {published} UTC is over", "自 {published} UTC 起 {window} 的可回滾時間已過")
CURES_NOTHING = Form("the cause is {cause}, which going back does not cure: {rest}", "原因為{cause}，退回舊版無法解決：{rest}", cause=CAUSE)
NO_TARGET = Form("no earlier version is recorded as good", "沒有記錄為良好的較舊版本")
TARGET_WAS_BAD = Form(
    "{version} was itself {state}", "{version} 版本身{state}", state=Vocabulary({"bad": "也被標記為不良", "rolled back": "曾被回滾"})
)
TARGET_BLOCKED = Form("{version} is blocked by {by} since {at} UTC: {reason}", "{version} 版自 {at} UTC 起由 {by} 封鎖：{reason}")
DRILL_WAS = Form("the rollback drill was {rest}", "回滾演練結果為{rest}")
BEGUN_ALREADY = Form("a rollback of {version} was begun already", "{version} 版已經開始過一次回滾")
TOO_OFTEN = Form(
    "{count} automatic rollbacks in the last 24 hours, and {most} a day are allowed (max_automatic_rollbacks_a_day)",
    "過去 24 小時已自動回滾 {count} 次，每天上限為 {most} 次（max_automatic_rollbacks_a_day）",
    count=NUMBER, most=NUMBER,
)  # fmt: skip
IS_A_ROLLBACK = Form("{version} is itself a rollback, to {target}", "{version} 版本身就是回滾，內容為 {target} 版")
OPEN_ON_IT = Form("{incident} is open on it", "{incident} 尚未結束")

# People's orders.
ITEM_PAUSED = Form("this extension is paused by {by} since {at} UTC: {reason}", "此擴充功能自 {at} UTC 起由 {by} 暫停自動動作：{reason}")
ALL_PAUSED = Form("all automatic actions are paused by {by} since {at} UTC: {reason}", "自 {at} UTC 起由 {by} 暫停所有自動動作：{reason}")
BLOCKED = Form("blocked by {by} since {at} UTC: {reason}", "自 {at} UTC 起由 {by} 封鎖：{reason}")
CALLED_OFF = Form("the rollback of {version} was called off by {by}: {because}", "{by} 取消了 {version} 版的回滾：{because}")
STOPPED = Form("stopped by a person's order: {rest}", "依人員指示停止：{rest}")
