"""What the steps of a rollback say of what they did, and why one did not come to its end, in both languages."""

from collections.abc import Mapping

from guard.forms import Form
from guard.tellers import JOINED, NUMBER, SAID, VERBATIM, WORD, Listed, Vocabulary
from guard.vocabulary import CHECK_STATUSES, CHECKS, RELEASE_STATES, STEPS

_CHECKED = Listed({f"{check} {status}": f"{name}{words}" for check, name in CHECKS.items() for status, words in CHECK_STATUSES.items()})
"""Checks with what came of each."""

# The plan.
STEP_WORDS: Mapping[str, Form] = {
    "validate_target": Form(
        "check that the target was published before, is not known to be bad, and is kept",
        "確認目標版本曾經發布、未標記為不良，且套件有封存",
    ),
    "prepare": Form(
        "take back what waits for review, then ask the store for a dry run of the rollback", "撤回等待審查的版本，再請商店試行回滾"
    ),
    "perform": Form(
        "ask the store for the rollback and read back that it took it; where it refuses, submit the kept package",
        "向商店要求回滾並確認已受理；若遭拒絕，則改為提交封存的套件",
    ),
    "propagate": Form("wait until the store and its update service both show the new version", "等待商店與更新服務都顯示新版本"),
    "verify": Form(
        "download what users get, compare it with the target, and run the health checks on it",
        "下載使用者實際取得的版本，與目標版本比對，並執行健康檢查",
    ),
    "update_configuration": Form(
        "record where the new version comes from, block the bad one, and tell those who are configured",
        "記錄新版本的來源、封鎖不良版本，並通知設定中的對象",
    ),
}
"""What each step will do, by its name."""
HEADLINE = Form(
    "put the code of {target} back in place of {version}, as version {new_version}",
    "以 {new_version} 版號將 {version} 換回 {target} 的程式",
)
ROLLOUT = Form(
    "{version} is rolled out to {share} % of users, and a rollback publishes to everybody: "
    "the {share} % get the code of {target} back, the others the same code as {new_version}; "
    "the share of {version} is never raised",
    "{version} 版只發布給 {share}% 的使用者，而回滾會發布給所有人：那 {share}% 換回 {target} 的程式，"
    "其餘的人也以 {new_version} 取得相同程式；{version} 版的發布比例絕不會提高",
    share=NUMBER,
)  # fmt: skip

# What a step says.
OF_STEP = Form("{step}: {rest}", "{step}：{rest}", step=Vocabulary(STEPS))
NEVER_SEEN = Form("{target} was never seen as published", "從未看到 {target} 版發布")
NAMED_BY_A_PERSON = Form(
    "{target} was never seen by the guard; a person named it, and the store's dry run decides",
    "系統從未看過 {target} 版；由人員指定，並以商店的試行結果為準",
)
WAS_SEEN = Form(
    "{target} was seen published on {at} UTC and is recorded as {state}",
    "{target} 版於 {at} UTC 確認已發布，目前記錄為{state}",
    state=Vocabulary(RELEASE_STATES),
)  # fmt: skip
IS_KEPT = Form("its package is kept ({kept})", "套件已封存（{kept}）", kept=SAID)
DIGEST = Form("digest {digest} verified", "摘要值 {digest} 已驗證")
ONLY_THE_STORES = Form(
    "{reason}, so that only the store's own rollback can be asked for", "{reason}，因此只能使用商店本身的回滾", reason=JOINED
)
PACKAGE_DAMAGED = Form("the archive's package of {target} is damaged: {rest}", "封存的 {target} 版套件已損毀：{rest}")
OTHER_CODE_KEPT = Form("the archive holds other code as {target} than was published", "封存區中 {target} 版的程式與已發布的不同")
NOT_KEPT = Form("the archive holds no package of {target}", "封存區中沒有 {target} 版的套件")
ALREADY_SHOWN = Form("not needed: the store already shows {version}", "不需要：商店已顯示 {version} 版")
SUBMITTED_ALREADY = Form(
    "{version} is submitted already by an earlier attempt, and is left where it is", "{version} 版已由先前的嘗試提交，維持原狀"
)
CANCELLED_FIRST = Form(
    "the submission of {waiting} was cancelled first; submit it again when users are well",
    "已先取消 {waiting} 的提交；待使用者恢復正常後請再次提交",
    waiting=SAID,
)  # fmt: skip
STAGED = Form("{version} (approved and staged)", "{version}（已核准，尚未發布）")
IN_REVIEW = Form("{version} (in review)", "{version}（審查中）")
WOULD_ACCEPT = Form(
    "the store would accept {target} under {version} (validateOnly)", "商店可接受以 {version} 發布 {target} 版（validateOnly）"
)
WOULD_REFUSE = Form(
    "the store would refuse its own rollback ({refusal}); the kept package of {target} ({kept}) can be submitted as {version} instead",
    "商店會拒絕其本身的回滾（{refusal}）；可改將封存的 {target} 版套件（{kept}）以 {version} 提交",
    refusal=JOINED, kept=SAID,
)  # fmt: skip
BY_THE_STORE = Form("store rollback: {rest}", "商店回滾：{rest}")
SHOWN_AS_PUBLISHED = Form("the store shows {version} as published", "商店顯示 {version} 版已發布")
ANSWER_LOST = Form("an answer was lost on the way: {rest}", "途中有一次回應遺失：{rest}")
WITHOUT_REVIEW, FOR_REVIEW = "without a review", "for review"
REVIEW_NOT_SKIPPED, REVIEW_UNKNOWN = "for review (the store did not let it skip that)", "(whether it is reviewed is not known)"
BY_PACKAGE = Form(
    "re-versioned package: the store's own rollback was refused ({why}); "
    "the kept package of {target} was uploaded as {version} and submitted {how}, for all users",
    "重新編號的套件：商店拒絕其本身的回滾（{why}）；已將封存的 {target} 版套件以 {version} 上傳並{how}，對象為所有使用者",
    why=JOINED,
    how=Vocabulary(
        {
            WITHOUT_REVIEW: "免審查提交",
            FOR_REVIEW: "提交審查",
            REVIEW_NOT_SKIPPED: "提交審查（商店不允許免審查）",
            REVIEW_UNKNOWN: "提交（是否須審查不明）",
        }
    ),
)  # fmt: skip
EARLIER_ATTEMPT = Form("an earlier attempt at this rollback had submitted it", "先前的回滾嘗試已提交")
WAITS_FOR_REVIEW = Form("waiting for it to be published, at most {patience}", "等待發布，最多 {patience}")
IT_IS_PUBLISHED = Form("the store shows it as published", "商店顯示已發布")
BOTH_SHOW = Form("the store and its update service both show {version}", "商店與更新服務都顯示 {version} 版")
VERIFIED = Form("what users get is the content of {target}; {checks}", "使用者取得的內容與 {target} 版相同；{checks}", checks=_CHECKED)
VERIFIED_BY_CHECKS = Form(
    "what users get could not be compared (no digest was recorded); {checks}",
    "使用者取得的內容無法比對（沒有摘要值紀錄）；{checks}",
    checks=_CHECKED,
)
RECORDED = Form(
    "{version} is recorded as a rollback of {bad} to {target}; {bad} is blocked",
    "{version} 版已記錄為將 {bad} 版回滾至 {target} 版；{bad} 版已封鎖",
)

# Why one ends short of its end.
NOT_OFFERED = Form("the update service did not offer {version} within {patience}", "更新服務未在 {patience} 內提供 {version} 版")
NO_LONGER_OFFERED = Form("the update service no longer offers {version}", "更新服務不再提供 {version} 版")
OTHER_CONTENT = Form("what users get as {version} is not the content of {target}", "使用者取得的 {version} 版與 {target} 版內容不同")
CHECKS_FAILED = Form("the health checks of {version} did not pass: {checks}", "{version} 版的健康檢查未通過：{checks}", checks=_CHECKED)
_THINGS = Vocabulary({"rollback": "回滾", "package": "套件", "submission": "提交"})
NOT_TAKEN = Form(
    "the store did not take the {thing} in {most} attempts", "商店在 {most} 次嘗試內都未受理{thing}", thing=_THINGS, most=NUMBER
)
NOT_SHOWN_IN_TIME = Form(
    "the store took the rollback and did not show {version} within {patience}", "商店已受理回滾，但未在 {patience} 內顯示 {version} 版"
)
NOT_CANCELLED = Form(
    "the submission of {version} could not be cancelled in {most} attempts", "{version} 版的提交在 {most} 次嘗試內無法取消", most=NUMBER
)
TAKEN_AS_OTHER = Form("the store took the package as {found}, not as {version}", "商店將套件認作 {found} 版，而非 {version} 版")
SUBMITTED_BY_SOMEBODY = Form("{version} was submitted by somebody meanwhile", "期間有人提交了 {version} 版")
NO_DRAFT = Form(
    "the store did not make a draft of {version}: upload {ended}",
    "商店未建立 {version} 版的草稿：上傳{ended}",
    ended=Listed({"failed": "失敗", "in progress": "仍在進行", "not found": "找不到"}),
)  # fmt: skip
STILL_IN_REVIEW = Form("{version} is still in review after {patience}, and stays there", "{version} 版經過 {patience} 仍在審查，將繼續等待")
REJECTED = Form("the store rejected {version} in review", "商店審查未通過 {version} 版")
CANCELLED = Form("the submission of {version} was cancelled by somebody", "{version} 版的提交被人取消")
HELD_BACK = Form("{version} was approved and is held back, staged, by somebody", "{version} 版已核准，但被人保留而未發布")
DISCARDED = Form("the submission of {version} was discarded", "{version} 版的提交被捨棄")
TAKEN_DOWN = Form("the store has taken the item down for a policy violation", "商店因違反政策而下架此擴充功能")
OTHER_PUBLISHED = Form(
    "{found} is published, neither {version} nor {new_version}", "目前發布的是 {found}，既非 {version} 也非 {new_version}"
)
UNEXPECTED = Form("unexpected {error} in {step}", "{step}步驟發生未預期的錯誤 {error}", error=WORD, step=Vocabulary(STEPS))
UNEXPECTED_ALONE = Form("unexpected {error}", "未預期的錯誤 {error}", error=WORD)
NO_END = Form("the workflow cannot be taken to its end ({error})", "工作流程無法執行完畢（{error}）")

# Who is told.
WEBHOOK_TOLD = Form("the webhook was told (HTTP {status})", "已通知 webhook（HTTP {status}）", status=NUMBER)
WEBHOOK_REFUSED = Form("the webhook refused (HTTP {status})", "webhook 拒絕（HTTP {status}）", status=NUMBER)
WEBHOOK_UNREADABLE = Form("the webhook was not told: its address cannot be read ({error})", "未通知 webhook：無法讀取其位址（{error}）")
WEBHOOK_UNSET = Form("the webhook was not told: its variable is not set", "未通知 webhook：未設定其環境變數")
WEBHOOK_UNSAFE = Form(
    "the webhook was not told: its address is neither https nor on this machine", "未通知 webhook：其位址既非 https 也不在本機"
)
WEBHOOK_TROUBLE = Form("the webhook could not be told ({error})", "無法通知 webhook（{error}）")
WEBHOOK_SILENT = Form("the webhook did not answer within {seconds} s", "webhook 未在 {seconds} 秒內回應", seconds=NUMBER)
WORKFLOW = Form("the workflow {file} of {repository}", "{repository} 的 workflow {file}")
WORKFLOW_STARTED = Form("{workflow} was started (HTTP {status})", "已啟動 {workflow}（HTTP {status}）", workflow=SAID, status=NUMBER)
WORKFLOW_DIED = Form(
    "{workflow} may have been started (the process that asked for it died meanwhile); look at its runs",
    "{workflow} 可能已啟動（提出要求的程序中途結束）；請查看其執行紀錄",
    workflow=SAID,
)  # fmt: skip
WORKFLOW_UNSURE = Form(
    "{workflow} may have been started ({lost}); look at its runs",
    "{workflow} 可能已啟動（{lost}）；請查看其執行紀錄",
    workflow=SAID, lost=SAID,
)  # fmt: skip
NO_ANSWER = Form("no answer within {seconds} s", "{seconds} 秒內沒有回應", seconds=NUMBER)
WORKFLOW_UNREADABLE = Form(
    "{workflow} was not started: its token or address cannot be read ({error})",
    "未啟動 {workflow}：無法讀取其權杖或位址（{error}）",
    workflow=SAID,
)  # fmt: skip
WORKFLOW_UNSET = Form(
    "{workflow} was not started: the variable of its token is not set", "未啟動 {workflow}：未設定其權杖的環境變數", workflow=SAID
)
WORKFLOW_UNSAFE = Form(
    "{workflow} was not started: its address is neither https nor on this machine",
    "未啟動 {workflow}：其位址既非 https 也不在本機",
    workflow=SAID,
)  # fmt: skip
WORKFLOW_REFUSED = Form(
    "{workflow} was not started (HTTP {status}: {why})",
    "未啟動 {workflow}（HTTP {status}：{why}）",
    workflow=SAID, status=NUMBER, why=JOINED,
)  # fmt: skip
WORKFLOW_NOT_STARTED = Form("{workflow} was not started ({why})", "未啟動 {workflow}（{why}）", workflow=SAID, why=VERBATIM)
RENAMED = Form("the repository has another name now", "儲存庫已改名")
HINTS: Mapping[int, Form] = {
    301: RENAMED,
    307: RENAMED,
    401: Form("the token is not valid", "權杖無效"),
    403: Form("the token may not do that: it needs the permission to write actions", "權杖權限不足：需要 actions 的寫入權限"),
    404: Form("there is no such repository or workflow, or the token may not see it", "沒有這個儲存庫或 workflow，或權杖無權存取"),
    422: Form(
        "the branch or tag must be there, and the workflow must have `workflow_dispatch` with the inputs that are sent",
        "分支或標籤必須存在，且 workflow 必須有 `workflow_dispatch` 與所送出的 inputs",
    ),
}
"""What GitHub means, by its answer's status."""
GITHUB_SAYS = Form("GitHub says: {words}", "GitHub 的說明：{words}", words=VERBATIM)
