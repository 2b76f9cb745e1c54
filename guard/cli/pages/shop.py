"""The pages of what stands in the store, and what is kept and known of its versions."""

from collections.abc import Mapping

from guard.cli.pages.page import Page

SHOP: Mapping[str, Page] = {
    "publish": Page(
        """Uploads a package and submits it to the store's review, or, without a package, releases what is approved and staged. The
package of the published version is kept first, so that one can go back to it, and the new one afterwards. An answer that is lost is
settled by reading the store back, never by uploading again.""",
        (
            "release-guard publish dist/extension.zip",
            "# To one user in twenty first, and wait up to two hours for the review",
            "release-guard publish dist/extension.zip --percent 5 --wait --timeout 7200",
            "# Through review now, to users when you say so",
            "release-guard publish dist/extension.zip --staged",
            "release-guard publish",
        ),
        codes="0 published, staged or submitted; 1 rejected or cancelled; 2 refused as asked; 3 in review when --timeout ends; 4 unable.",
        see=("gate", "store status", "store rollout"),
    ),
    "store": Page(
        "Shows what the store knows of an item, takes a submission back, or raises the share of users. What only shows needs no database.",
        ("release-guard store status", "release-guard store metrics --days 30"),
        see=("publish", "status"),
    ),
    "store status": Page(
        """Shows what is published and submitted, with the share of users, and what the update service offers to browsers now, which
may lag behind.""",
        ("release-guard store status", "release-guard store status --item bookshelf --json"),
        see=("release list",),
    ),
    "store metrics": Page(
        "Shows the store's daily counts, in whole days of UTC. The store counts late: the newest days may be missing.",
        ("release-guard store metrics", "release-guard store metrics --metric users --by app-version --days 7"),
        see=("report",),
    ),
    "store reviews": Page(
        "Shows what users wrote, the newest first, and all ratings together.",
        ("release-guard store reviews", "release-guard store reviews --rating 1 --limit 50"),
        see=("store metrics",),
    ),
    "store cancel": Page(
        "Takes back what is submitted and not yet published, after asking.",
        ("release-guard store cancel", "release-guard store cancel --yes"),
        see=("store status", "publish"),
    ),
    "store rollout": Page(
        """Raises the share of users that get the published version; the store lets nobody lower it. A release that is known to be
bad is given to nobody else without --force.""",
        ("release-guard store rollout 50", "release-guard store rollout 100 --item bookshelf"),
        see=("gate", "store status"),
    ),
    "archive": Page(
        "Keeps the packages that a rollback may need, by the content of their files, in the state folder.",
        ("release-guard archive add store", "release-guard archive list"),
        see=("rollback", "check"),
    ),
    "archive add": Page(
        "Keeps a package: a folder, a .zip, a .crx, or what users get now. A version that is kept with other code is not replaced unasked.",
        ("release-guard archive add store", "release-guard archive add dist/extension.zip"),
        see=("archive list",),
    ),
    "archive list": Page(
        "Lists every version that is kept: since when, by which content, how many bytes, from where.",
        ("release-guard archive list", "release-guard archive list --json"),
        see=("archive fetch",),
    ),
    "archive fetch": Page(
        "Writes a kept version as a zip. A file that is there is not replaced.",
        ("release-guard archive fetch 1.2.0", "release-guard archive fetch 1.2.0 -o previous.zip"),
        see=("archive list", "check"),
    ),
    "archive verify": Page(
        "Reads everything that is kept, and names what is damaged or gone.",
        ("release-guard archive verify",),
        codes="0 all is as it was put there; 1 something is damaged.",
        see=("archive add",),
    ),
    "archive prune": Page(
        """Lets go of old versions: the newest stay, as many as `keep` under [archive] says, and whatever a rollback may need, however
old it is.""",
        ("release-guard archive prune",),
        see=("archive list",),
    ),
    "release": Page(
        "Shows the releases that were seen and how each was judged, records a baseline, and forbids versions.",
        ("release-guard release snapshot", "release-guard release list"),
        see=("gate", "rollback"),
    ),
    "release list": Page(
        "Lists every release that was seen: its state, where it came from, its share of users, and whether one could go back from it.",
        ("release-guard release list", "release-guard release list --item bookshelf --json"),
        see=("rollback history",),
    ),
    "release snapshot": Page(
        """Records the published version as good and keeps its package: the baseline that the next release is compared with, and rolled
back to. Do so before a publish that `release-guard publish` does not make.""",
        ("release-guard release snapshot", "release-guard release snapshot --item bookshelf"),
        see=("publish", "archive list"),
    ),
    "release block": Page(
        "Forbids a version: nobody goes back to it without --force.",
        (
            'release-guard release block 1.1.0 --reason "loses settings"',
            'release-guard release block 1.1.0 --by ann --reason "loses settings"',
        ),
        see=("release unblock", "rollback"),
    ),
    "release unblock": Page(
        "Takes back that a version is forbidden.",
        ("release-guard release unblock 1.1.0 --by ann",),
        see=("release block",),
    ),
}
