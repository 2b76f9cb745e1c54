"""What the local store does not imitate, in full: shown by --help, on its page and in the documentation."""

LIMITS = (
    "Review by people and machines: a review ends with the verdict and after the time that were set, whatever the package holds.",
    "Policy: nothing is found wrong with a package but what Chrome would find. Warnings, warned and taken-down items are set, never found.",
    "The wording of errors and the type names inside their details: HTTP codes, constants and shapes are Google's, the sentences ours.",
    "The developer dashboard: listings, images, privacy forms, groups of publishers, trusted testers, payments.",
    "Who gets a percentage rollout: a browser's place among all users is the query parameter `bucket` (0-99), else it is among the last.",
    "Users: daily metrics and reviews are those that were given to it; none are made up.",
    "Google's quotas: there is none but the one that a fault imitates.",
    "Signatures beside the item's own: CRX files carry no second proof of the store's, and no verified_contents.json.",
    "Differential updates and the Omaha 4 JSON protocol: the update service answers with gupdate XML and whole packages.",
    "Time between data centres: what one call has changed the next one sees, but for the delays that were set.",
)


def limits_text() -> str:
    """One line each."""
    return "\n".join(f"- {limit}" for limit in LIMITS)
