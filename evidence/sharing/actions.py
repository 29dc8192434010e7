"""Making, opening, revoking shares."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone

from evidence.custody.record import Draft, record
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.recordings.access import visible_to
from evidence.recordings.actions import Segment, segments
from evidence.recordings.models import Recording
from evidence.sharing.models import MAX_DAYS, WRONG_CODES, Code, Share

CODE_LIFE = timedelta(minutes=10)
CODES_AN_HOUR = 6


class ShareClosed(PermissionError):
    """Unknown, ended, revoked or locked: a stranger is told the same of each."""


def _digest(token: str) -> str:
    """256 random bits need no slow hash (ASVS 6.5.2)."""
    return hashlib.sha256(token.encode()).hexdigest()


def _code_digest(share: Share, browser: str, code: str) -> str:
    """Six digits do need a key: without this system's secret the hash says nothing."""
    message = f"{share.pk}:{browser}:{code}".encode()
    return hmac.new(settings.SECRET_KEY.encode(), message, "sha256").hexdigest()


def make(*, by: User, share: Share, recordings: Iterable[Recording]) -> tuple[Share, str]:
    """Keep a new share and send its link; the share and the link, which is told only now.

    Raises NotAllowed for recordings that `by` may not see, ValueError for a wrong date.
    """
    if not by.may("share.make"):
        raise NotAllowed("You can't share evidence.")
    now = timezone.now()
    if not now < share.until <= now + timedelta(days=MAX_DAYS):
        raise ValueError(f"The share must end in the future, within {MAX_DAYS} days.")
    wanted = list(recordings)
    if not wanted:
        raise ValueError("Select at least one recording.")
    seen = visible_to(by).filter(pk__in=[item.pk for item in wanted]).count()
    if seen != len({item.pk for item in wanted}):
        raise NotAllowed("There is nothing here that you can see. Check the reference.")
    token = secrets.token_urlsafe(32)
    link = f"{settings.PUBLIC_URL}/shared/open#{token}"
    with transaction.atomic():
        share.token_hash, share.made_by = _digest(token), by
        share.save()
        share.recordings.set(wanted)
        until = f"{timezone.localtime(share.until):%H:%M on %d %b %Y}"
        for item in wanted:
            record(
                Draft(
                    "share.created",
                    item.subject(),
                    by.actor(),
                    data={"share": share.reference, "until": share.until.isoformat()},
                    private={
                        "name": by.short,
                        "recipient": share.recipient,
                        "organisation": share.organisation,
                        "purpose": share.purpose,
                        "until": until,
                    },
                )
            )
        context = {"share": share, "link": link, "by": by, "force": settings.FORCE_NAME}
        body = render_to_string("sharing/mail_link.txt", context)
        transaction.on_commit(
            lambda: send_mail(f"Evidence from {settings.FORCE_NAME}", body, None, [share.email]),
            robust=True,
        )
    return share, link


def revoke(*, by: User, share: Share, reason: str) -> Share:
    """End a share now: its pages at their next request, signed URLs within minutes."""
    if not by.may("share.revoke"):
        raise NotAllowed("You can't revoke shares.")
    with transaction.atomic():
        row = Share.objects.select_for_update(of=("self",)).get(pk=share.pk)
        if row.revoked_at is None:
            row.revoked_at = timezone.now()
            row.save(update_fields=["revoked_at"])
            for item in row.recordings.all():
                record(
                    Draft(
                        "share.revoked",
                        item.subject(),
                        by.actor(),
                        data={"share": row.reference},
                        private={"name": by.short, "recipient": row.recipient, "reason": reason},
                    )
                )
    return row


def by_token(token: str) -> Share:
    """The live share of a link. Raises ShareClosed."""
    share = Share.objects.filter(token_hash=_digest(token)).first()
    if share is None or share.state() != "live":
        raise ShareClosed
    return share


def live(reference: str) -> Share:
    """A live share by its reference, for a browser that has proved itself. Raises ShareClosed."""
    share = Share.objects.filter(reference=reference).select_related("made_by").first()
    if share is None or share.state() != "live":
        raise ShareClosed
    return share


def send_code(*, share: Share, browser: str) -> bool:
    """E-mail a six-digit code for this browser; False when too many were asked for."""
    now = timezone.now()
    code = f"{secrets.randbelow(1_000_000):06d}"
    with transaction.atomic():
        row = Share.objects.select_for_update(of=("self",)).get(pk=share.pk)
        if row.state() != "live":
            raise ShareClosed
        if row.codes.filter(created__gt=now - timedelta(hours=1)).count() >= CODES_AN_HOUR:
            return False
        row.codes.filter(used_at=None).update(used_at=now)  # the newest code only
        Code.objects.create(
            share=row,
            browser=browser,
            digest=_code_digest(row, browser, code),
            expires=now + CODE_LIFE,
        )
        context = {"code": code, "share": row, "force": settings.FORCE_NAME}
        body = render_to_string("sharing/mail_code.txt", context)
        transaction.on_commit(
            lambda: send_mail(f"Your code from {settings.FORCE_NAME}", body, None, [row.email]),
            robust=True,
        )
    return True


def prove(*, share: Share, browser: str, code: str, address: str) -> int:
    """Check a code: tries left after a wrong one, -1 when it was right.

    The fifth wrong one locks the share. Raises ShareClosed.
    """
    with transaction.atomic():
        row = Share.objects.select_for_update(of=("self",)).get(pk=share.pk)
        now = timezone.now()
        if row.state(now) != "live":
            raise ShareClosed
        wanted = _code_digest(row, browser, code.strip().replace(" ", ""))
        used = 0
        for known in row.codes.filter(browser=browser, used_at=None, expires__gt=now):
            if hmac.compare_digest(known.digest, wanted):
                used = row.codes.filter(pk=known.pk, used_at=None).update(used_at=now)
        private = {"recipient": row.recipient, "address": address}
        if used:
            row.wrong_codes, row.last_seen = 0, now
            row.save(update_fields=["wrong_codes", "last_seen"])
            data = {"share": row.reference}
            record(Draft("share.proved", row.subject(), row.actor(), data=data, private=private))
            return -1
        row.wrong_codes += 1
        if row.wrong_codes >= WRONG_CODES:
            row.locked_at = now
        row.save(update_fields=["wrong_codes", "locked_at"])
        _refused(row, private | {"why": "a wrong code"})
        return max(WRONG_CODES - row.wrong_codes, 0)


def _refused(share: Share, private: dict[str, str]) -> None:
    record(
        Draft(
            "share.refused",
            share.subject(),
            share.actor(),
            data={"share": share.reference, "tries": share.wrong_codes},
            private=private,
            outcome="denied",
        )
    )


def look(*, reference: str, address: str) -> Share:
    """The share for its page, after writing for each recording that it was opened."""
    with transaction.atomic():
        share = live(reference)
        for item in share.recordings.filter(restricted=""):
            _record(share, item, "share.viewed", address)
        Share.objects.filter(pk=share.pk).update(last_seen=timezone.now())
    return share


def play(*, reference: str, recording: str, address: str, again: bool = False) -> list[Segment]:
    """URLs for playing one recording of a share, after writing that. Raises ShareClosed."""
    with transaction.atomic():
        share = live(reference)
        item = share.recordings.filter(reference=recording, restricted="").first()
        if item is None:
            raise ShareClosed
        if not again:
            _record(share, item, "share.played", address)
    return segments(item)


def _record(share: Share, item: Recording, kind: str, address: str) -> None:
    data: dict[str, str] = {"share": share.reference}
    if kind == "share.played":
        data["kind"] = "proxy"
    private = {"recipient": share.recipient, "address": address}
    record(Draft(kind, item.subject(), share.actor(), data=data, private=private))
