"""What the person outside and whoever answers for a share write to each other."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from evidence.people.models import User
from evidence.recordings.markers import stamp
from evidence.sharing import access, changing, mailing, proving, standing
from evidence.sharing.models import Message, Share
from evidence.sharing.telling import tell
from evidence.sharing.wishes import NotShared

LONGEST = 2000
MOST = 200
QUIET = timedelta(minutes=10)
MOST_MS = 7 * 24 * 3600 * 1000


def _words(text: str) -> str:
    found = text.replace("\0", "").replace("\r\n", "\n").strip()
    if len(found) > LONGEST:
        raise NotShared(f"Write at most {LONGEST:,} characters at once", "text")
    return found


def write(
    *, reference: str, browser: str, text: str, address: str, number: int = 0,
    at_ms: int | None = None,
) -> Message:  # fmt: skip
    """A line from outside, perhaps at a place in one thing. Raises ShareClosed, NotShared."""
    words = _words(text)
    if not words and at_ms is None:
        raise NotShared("Write what you want to say", "text")
    with transaction.atomic():
        share, _ = proving.opened(reference, browser)
        found = standing.one(share, number) if number else None
        if number and (found is None or not found.there):
            raise proving.ShareClosed
        if at_ms is not None and not (0 <= at_ms <= MOST_MS and found is not None):
            raise NotShared("Enter a time like 00:02:16.480", "at")
        if share.messages.filter(by=None).count() >= MOST:
            raise NotShared(f"{MOST} messages were written. Call {share.owner.short}.", "text")
        item = found.item if found else None
        row = Message.objects.create(share=share, item=item, at_ms=at_ms, text=words)
        at = stamp(at_ms) if at_ms is not None else ""
        tell("share.written", share, share.actor(address),
             data={"item": item.number} if item else {},
             private={"address": address, "words": words, "at": at})  # fmt: skip
        if not _told_just_now(share, row):
            mailing.owner(share, "written", f"A message about share {share.reference}")
    return row


def _told_just_now(share: Share, row: Message) -> bool:
    """Whether a mail about an unread message left a moment ago: who marks twenty places sends
    one."""
    recent = share.messages.filter(by=None, read_at=None, created__gt=timezone.now() - QUIET)
    return recent.exclude(pk=row.pk).exists()


def ask_more(*, share: Share, browser: str, text: str, address: str) -> None:
    """Ask for more time, also when the share has ended: who had proved themselves may.

    Once a day and share a mail; a second time within it changes nothing. Raises ShareClosed.
    """
    if not proving.known(share, browser):
        raise proving.ShareClosed
    words = _words(text)[:500]
    with transaction.atomic():
        row = Share.objects.select_related("case", "owner").select_for_update(of=("self",))
        found = row.get(pk=share.pk)
        now = timezone.now()
        if found.more_asked_at is not None and (now - found.more_asked_at).days < 1:
            return
        found.more_asked_at = now
        found.save(update_fields=["more_asked_at"])
        Message.objects.create(share=found, kind=Message.Kind.MORE, text=words)
        tell("share.more_asked", found, found.actor(address),
             private={"address": address, "words": words})  # fmt: skip
        mailing.owner(found, "more", f"More time is asked for share {found.reference}")


def answer(*, by: User, share: Share, text: str) -> Message:
    """A line to the person outside. Raises Share.DoesNotExist, NotShared."""
    words = _words(text)
    if not words:
        raise NotShared("Write what you want to say", "text")
    with transaction.atomic():
        rows = access.visible_to(by, "share.make").filter(pk=share.pk).values("pk")
        found = Share.objects.select_related("case", "owner").get(pk__in=rows)
        changing.on_team(by, found)
        row = Message.objects.create(share=found, by=by, text=words)
        found.messages.filter(by=None, read_at=None).update(read_at=timezone.now())
        tell("share.written", found, by.actor(), private={"name": by.short, "words": words})
        mailing.outside(found, "answered", f"A message from {settings.FORCE_NAME}")
    return row


def read(*, by: User, share: Share) -> None:
    """The owner has the messages before them."""
    if share.owner_id == by.pk:
        share.messages.filter(by=None, read_at=None).update(read_at=timezone.now())
