"""The fixed words that stand inside sentences, in Chinese: signals, checks, causes, strategies, what is counted."""

from collections.abc import Mapping

SIGNALS: Mapping[str, str] = {
    "error_rate": "錯誤率",
    "response_time": "回應時間",
    "active_users": "活躍使用者",
    "extension_crashes": "擴充功能當機",
    "api_failures": "API 失敗率",
    "health": "健康檢查",
    "rating": "評分",
    "silence": "回報量",
}
CHECKS: Mapping[str, str] = {"load": "載入", "extraction": "資料擷取", "ui": "介面", "data": "資料保存", "custom": "自訂"}
CHECK_STATUSES: Mapping[str, str] = {"passed": "通過", "failed": "未通過", "not_configured": "未設定", "error": "無法完成"}
VERDICTS: Mapping[str, str] = {"healthy": "正常", "no_data": "沒有資料", "inconclusive": "尚無定論", "breach": "異常"}
REASONS: Mapping[str, str] = {
    "few_units": "樣本太少",
    "near_threshold": "接近門檻",
    "no_baseline": "沒有可比較的基準",
    "may_be_shared": "可能是共同的問題",
    "inconsistent": "數字前後不一致",
    "not_finished": "檢查未能完成",
    "explained": "已由其他訊號解釋",
    "advisory": "僅供參考",
    "no_data": "沒有資料",
    "no_denominator": "沒有可計算比例的總數",
    "not_measurable": "目前無法測量",
    "source_error": "資料來源拒絕或發生錯誤",
    "source_unreachable": "無法連線至資料來源",
    "our_network": "本機網路異常",
}
"""Why a verdict is open or without data."""
UNITS: Mapping[str, str] = {
    "sessions": "個工作階段",
    "users": "位使用者",
    "operations": "次操作",
    "requests": "次請求",
    "reviews": "則評論",
}
"""What is counted, right behind its number."""
UNIT_NAMES: Mapping[str, str] = {"sessions": "工作階段", "users": "使用者", "operations": "操作", "requests": "請求", "reviews": "評論"}
CAUSES: Mapping[str, str] = {
    "deployment": "此次發布的版本",
    "external": "外部因素（網站或後端）",
    "pre-existing": "發布前既有的問題",
    "configuration": "設定",
    "memory-leak": "記憶體洩漏",
    "connection-issue": "連線問題",
    "resource-exhaustion": "資源耗盡",
    "capacity": "容量不足",
    "performance": "效能問題",
    "code-bug": "程式錯誤",
    "logic-error": "邏輯錯誤",
    "unknown": "尚未查明",
}
STRATEGIES: Mapping[str, str] = {
    "ROLLBACK": "回滾",
    "HOTFIX": "緊急修正",
    "SERVICE_RESTART": "重新啟動服務",
    "INFRASTRUCTURE_SCALE": "擴充基礎設施",
}
RISKS: Mapping[str, str] = {"low": "低", "medium": "中"}
RELEASE_STATES: Mapping[str, str] = {"watched": "觀察中", "good": "良好", "bad": "不良", "rolled_back": "已回滾"}
STEPS: Mapping[str, str] = {
    "validate_target": "確認目標版本",
    "prepare": "準備",
    "perform": "執行",
    "propagate": "等待生效",
    "verify": "驗證",
    "update_configuration": "更新紀錄",
}
"""The steps of a rollback."""
DRILL_VERDICTS: Mapping[str, str] = {"safe": "安全", "unsafe": "不安全", "unknown": "未知"}
MODES: Mapping[str, str] = {"observe": "只觀察（observe）", "propose": "提議（propose）", "act": "自動執行（act）"}
SOURCES: Mapping[str, str] = {
    "sentry": "Sentry",
    "sentry sessions": "Sentry 工作階段",
    "sentry counters": "Sentry 計數",
    "sentry spans": "Sentry 區段",
    "sentry errors": "Sentry 錯誤",
    "store": "商店",
}
"""Who says so."""
OCCASIONS: Mapping[str, str] = {
    "opened": "事件開立",
    "reopened": "重新開啟",
    "severity_raised": "嚴重程度升高",
    "severity_set": "調整嚴重程度",
    "escalated": "升級通知",
    "clock_warned": "期限將至",
    "clock_missed": "逾時",
    "rollback_planned": "請人判斷",
    "rollback_proposed": "提議回滾",
    "rollback_begun": "開始回滾",
    "rollback_done": "回滾完成",
    "rollback_stopped": "回滾已停止",
    "rollback_failed": "回滾失敗",
    "resolved": "已解決",
    "false_alarm": "誤報",
    "postmortem_due": "檢討報告待完成",
}
"""What people are told of."""
REPAIR_RESULTS: Mapping[str, str] = {"done": "完成", "FAILED": "失敗"}


def spaced(words: Mapping[str, str]) -> dict[str, str]:
    """The same words where they are shown with spaces in place of underscores."""
    return {english.replace("_", " "): chinese for english, chinese in words.items()}
