"""Recordings, the originals they are made of, and what was rendered from those."""

from evidence.recordings.models.coverage import Coverage, Playing, Sitting
from evidence.recordings.models.files import Original, Rendition
from evidence.recordings.models.lists import Category, IncidentType
from evidence.recordings.models.mail import DailyMail
from evidence.recordings.models.packages import Package, make_package_reference
from evidence.recordings.models.recording import ALPHABET, Recording, Restricted, make_reference
from evidence.recordings.models.rules import Group, Rule
from evidence.recordings.models.smaller import Smaller
from evidence.recordings.models.work import Grant, Marker, SyncNudge, Undo

__all__ = [
    "ALPHABET",
    "Category",
    "Coverage",
    "DailyMail",
    "Grant",
    "Group",
    "IncidentType",
    "Marker",
    "Original",
    "Package",
    "Playing",
    "Recording",
    "Rendition",
    "Restricted",
    "Rule",
    "Sitting",
    "Smaller",
    "SyncNudge",
    "Undo",
    "make_package_reference",
    "make_reference",
]
