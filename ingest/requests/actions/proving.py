"""How the person outside shows that it is them: the link, a code by e-mail, one browser."""

from __future__ import annotations

import hmac
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from evidence.people import links
from ingest.requests.access import REFERENCE
from ingest.requests.actions.common import (
    RequestClosed,
    browser_digest,
    code_digest,
    mail,
    still_open,
    write,
)
from ingest.requests.models import RequestCode, UploadRequest

# So long the browser that sent them sees what was received.
AFTER = timedelta(days=7)
RIGHT = -1


def by_token(token: str, browser: str) -> UploadRequest:
    """The open request of a link, unless another browser has it. Raises RequestClosed."""
    row = UploadRequest.objects.filter(token_hash=links.digest(token)).first()
    if row is None:
        raise RequestClosed
    return _for_browser(row, browser)


def pending(reference: str, browser: str) -> UploadRequest:
    """An open request whose link this browser has shown. Raises RequestClosed."""
    row = UploadRequest.objects.filter(reference=reference).first()
    if row is None:
        raise RequestClosed
    return _for_browser(row, browser)


def _for_browser(row: UploadRequest, browser: str) -> UploadRequest:
    other = row.browser_hash and not is_of(row, browser)
    if row.state() != UploadRequest.State.OPEN or other:
        raise RequestClosed
    return row


def is_of(row: UploadRequest, browser: str) -> bool:
    """Whether this is the browser that has proved itself."""
    wanted = browser_digest(row, browser)
    return bool(browser) and hmac.compare_digest(row.browser_hash.encode(), wanted.encode())


def of_browser(reference: str, browser: str, *, sent: bool = False) -> UploadRequest:
    """The open request that this browser has proved itself for; with `sent` also one that was
    sent by it within a week. Raises RequestClosed."""
    if not REFERENCE.fullmatch(reference):
        raise RequestClosed
    rows = UploadRequest.objects.select_related("made_by", "case", "camera")
    row = rows.filter(reference=reference.upper()).first()
    if row is None or not is_of(row, browser):
        raise RequestClosed
    state = row.state()
    if state == UploadRequest.State.OPEN:
        return row
    if sent and row.finished_at and state == UploadRequest.State.USED \
            and row.finished_at > timezone.now() - AFTER:  # fmt: skip
        return row
    raise RequestClosed


def send_code(*, request: UploadRequest, browser: str) -> bool:
    """E-mail a six-digit code for this browser; False when too many were asked for."""
    now = timezone.now()
    code = links.new_code()
    with transaction.atomic():
        row = _for_browser(still_open(request), browser)
        if row.codes.filter(created__gt=now - timedelta(hours=1)).count() >= links.CODES_AN_HOUR:
            return False
        row.codes.filter(used_at=None).update(used_at=now)  # the newest code only
        RequestCode.objects.create(
            request=row, browser=links.digest(browser), digest=code_digest(row, browser, code),
            expires=now + links.CODE_LIFE,
        )  # fmt: skip
        mail(f"Your code from {settings.FORCE_NAME}", "requests/mail_code.txt", row.email,
             {"code": code})  # fmt: skip
    return True


def prove(*, request: UploadRequest, browser: str, code: str, address: str) -> int:
    """Check a code: RIGHT, or the tries left after a wrong one. A right one keeps the browser.

    The fifth wrong one locks the request and tells its maker. Raises RequestClosed.
    """
    with transaction.atomic():
        row, now = _for_browser(still_open(request), browser), timezone.now()
        wanted, used = code_digest(row, browser, "".join(code.split())), 0
        known = row.codes.filter(browser=links.digest(browser), used_at=None, expires__gt=now)
        for one in known:
            if hmac.compare_digest(one.digest, wanted):
                used = row.codes.filter(pk=one.pk, used_at=None).update(used_at=now)
        if used:
            first = row.opened_at or now
            row.browser_hash = browser_digest(row, browser)
            row.wrong_codes, row.opened_at, row.last_seen = 0, first, now
            row.save(update_fields=["browser_hash", "wrong_codes", "opened_at", "last_seen"])
            write("request.opened", row, row.actor(), private={"address": address})
            return RIGHT
        return _wrong(row, address)


def _wrong(row: UploadRequest, address: str) -> int:
    row.wrong_codes += 1
    if row.wrong_codes >= links.WRONG_CODES:
        row.locked_at = timezone.now()
        mail("A request for footage is locked", "requests/mail_locked.txt", row.made_by.email,
             {"row": row, "link": f"{settings.PUBLIC_URL}{row.get_absolute_url()}"})  # fmt: skip
    row.save(update_fields=["wrong_codes", "locked_at"])
    write("request.refused", row, row.actor(), data={"tries": row.wrong_codes},
          private={"address": address, "why": "a wrong code"}, outcome="denied")  # fmt: skip
    return max(links.WRONG_CODES - row.wrong_codes, 0)
