"""What is done with cases: one function a verb."""

from evidence.cases.actions.change import TAKEN, Conflict, save
from evidence.cases.actions.court import add_court_date, remove_court_date
from evidence.cases.actions.linking import Outcome, link, link_many, unlink
from evidence.cases.actions.look import looked, searched
from evidence.cases.actions.period import due_for_release, release_holds
from evidence.cases.actions.team import add_member, remove_member

__all__ = [
    "TAKEN", "Conflict", "Outcome", "add_court_date", "add_member", "due_for_release", "link",
    "link_many", "looked", "release_holds", "remove_court_date", "remove_member", "save",
    "searched", "unlink",
]  # fmt: skip
