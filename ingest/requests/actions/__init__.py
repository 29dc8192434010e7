"""What is done with requests: one function a verb."""

from ingest.requests.actions.asking import Wish, accept, make, renew, revoke, to_case
from ingest.requests.actions.common import RequestClosed
from ingest.requests.actions.giving import (
    Refused,
    add,
    complete,
    finish,
    leave_out,
    sign,
    upload_of,
)
from ingest.requests.actions.proving import by_token, of_browser, prove, send_code

__all__ = [
    "Refused", "RequestClosed", "Wish", "accept", "add", "by_token", "complete", "finish",
    "leave_out", "make", "of_browser", "prove", "renew", "revoke", "send_code", "sign", "to_case",
    "upload_of",
]  # fmt: skip
