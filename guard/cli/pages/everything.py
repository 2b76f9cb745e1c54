"""Every page, by the command's words."""

from collections.abc import Mapping

from guard.cli.pages.afterwards import AFTERWARDS
from guard.cli.pages.doors import DOORS
from guard.cli.pages.machine import MACHINE
from guard.cli.pages.page import Page
from guard.cli.pages.people import PEOPLE
from guard.cli.pages.shop import SHOP

PAGES: Mapping[str, Page] = {**DOORS, **SHOP, **PEOPLE, **AFTERWARDS, **MACHINE}
