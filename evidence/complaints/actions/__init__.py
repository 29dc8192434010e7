"""What is done with complaints: one function a verb, each its change and its event together."""

from evidence.complaints.actions.closing import close, release
from evidence.complaints.actions.deciding import (
    decide,
    decide_outcome,
    measure,
    measure_done,
    propose,
)
from evidence.complaints.actions.handling import allege, hand, withdraw
from evidence.complaints.actions.recording import (
    change_record,
    name_officers,
    record_complaint,
    unname_officer,
)
from evidence.complaints.actions.referring import (
    answer,
    choose_body,
    refer,
    referral_answered,
    same_incident,
)
from evidence.complaints.actions.reviewing import decide_review, enter_review
from evidence.complaints.actions.saving import Conflict, Refused
from evidence.complaints.actions.serving import read_notice, serve

__all__ = [
    "Conflict",
    "Refused",
    "allege",
    "answer",
    "change_record",
    "choose_body",
    "close",
    "decide",
    "decide_outcome",
    "decide_review",
    "enter_review",
    "hand",
    "measure",
    "measure_done",
    "name_officers",
    "propose",
    "read_notice",
    "record_complaint",
    "refer",
    "referral_answered",
    "release",
    "same_incident",
    "serve",
    "unname_officer",
    "withdraw",
]
