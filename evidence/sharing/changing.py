"""What is done with a share that stands: approved, extended, narrowed, revoked, made again."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from evidence.cases import access as cases
from evidence.exhibits import disclosure
from evidence.exhibits.papers import Kind
from evidence.people import typed
from evidence.people.models import User
from evidence.recordings.access import visible_to
from evidence.sharing import access, mailing, making, wishes
from evidence.sharing.models import Item, Share
from evidence.sharing.telling import tell
from evidence.sharing.wishes import Made, NotShared, Thing, Wish


def _locked(by: User, share: Share, permission: str) -> Share:
    """The share under its lock. Raises Share.DoesNotExist."""
    rows = access.visible_to(by, permission).filter(pk=share.pk).values("pk")
    found = Share.objects.filter(pk__in=rows).select_related("case", "owner", "made_by", "basis")
    return found.select_for_update(of=("self",)).get()


def _reason(text: str, what: str) -> str:
    found = typed.one_line(text)
    if len(found) < 3:
        raise NotShared(f"Enter why {what}", "reason")
    return found


def named(item: Item) -> str:
    """What people of the force call one thing of a share."""
    if item.paper:
        return Kind(item.paper).heading
    return item.exhibit.mark if item.exhibit else item.recording.reference  # type: ignore[union-attr]


def _items(share: Share) -> list[Item]:
    rows = Item.objects.filter(share=share, removed_at=None)
    return list(
        rows.select_related("share__case", "recording", "exhibit__clip", "exhibit__recording")
    )


def _sees(by: User, items: list[Item], verb: str) -> None:
    """Raises NotShared where somebody can't see any more what a share shows, or what its papers
    are about. Taking a thing back needs no sight of it."""
    wanted = {item.recording_id for item in items if item.recording_id}
    of_case = next((item.share.case for item in items if item.paper), None)
    if of_case is not None and disclosure.hidden(by, of_case):
        raise NotShared(f"You can {verb} only what you can see yourself.")
    if visible_to(by).filter(pk__in=wanted).count() != len(wanted):
        raise NotShared(f"You can {verb} only what you can see yourself.")


def on_team(by: User, share: Share) -> None:
    """Raises NotShared where somebody may not share from the share's case any more: who made or
    answers for it and has left the team. To revoke and narrow it stays theirs."""
    rows = cases.visible_to(by, "share.make")
    if share.case_id is not None and not rows.filter(pk=share.case_id).exists():
        raise NotShared("You are not on the team of its case any more. Revoke it, or ask them.")


def _not_theirs(by: User, items: list[Item]) -> None:
    """Raises NotShared for the second person who recorded something of it themselves."""
    if any(item.recording is not None and item.recording.officer_id == by.pk for item in items):
        raise NotShared("You recorded some of it. A different person has to agree.")


def approve(*, by: User, share: Share, yes: bool, reason: str) -> Share:
    """A second person lets a share of something restricted go out, or refuses it.

    Raises Share.DoesNotExist, NotShared: whoever made it, and who can't see it, can't approve it.
    """
    why = _reason(reason, "it may go out" if yes else "it may not go out")
    with transaction.atomic():
        row = _locked(by, share, "share.approve")
        if by.pk in (row.made_by_id, row.owner_id):
            raise NotShared("A different person has to approve this.")
        if row.state() == "ended":
            raise NotShared("It ended before anybody decided. Its maker can make it again.")
        if row.state() != "waiting":
            raise NotShared("Nothing waits for approval here: somebody has decided meanwhile.")
        items = _items(row)
        _sees(by, items, "approve")
        if yes:
            _not_theirs(by, items)
            wishes.check_address(row.email)
        row.decision_reason = why
        private = {"name": by.short, "reason": why}
        if not yes:
            row.refused_at = timezone.now()
            row.save(update_fields=["refused_at", "decision_reason"])
            tell("share.declined", row, by.actor(), items=items, private=private)
            mailing.owner(row, "declined", f"Share {row.reference} was refused", who=by, why=why)
            return row
        row.approved_at, row.approved_by = timezone.now(), by
        row.save(update_fields=["approved_at", "approved_by", "decision_reason"])
        # What they agreed to is the restriction as it is now.
        for item in items:
            if item.recording is not None and item.restriction != item.recording.restricted:
                item.restriction = item.recording.restricted
                item.save(update_fields=["restriction"])
        tell("share.approved", row, by.actor(), items=items, private=private)
        making.send_link(row, by)
        mailing.owner(row, "approved", f"Share {row.reference} was approved", who=by, why=why)
    return row


def _is_second(by: User, share: Share) -> bool:
    """Whether somebody may agree to what another person wants to share."""
    return by.may("share.approve") and by.pk not in (share.made_by_id, share.owner_id)


def extend(*, by: User, share: Share, until: datetime | None = None, reason: str = "") -> Share:
    """Let a share last longer; without `until` as long as a new one is offered: one click.

    Raises Share.DoesNotExist, NotShared. An ended share goes on under its link. Who sends the
    form twice has extended once: the second finds the end that it asked for.
    """
    why = typed.one_line(reason)
    with transaction.atomic():
        row = _locked(by, share, "share.make")
        if row.revoked_at or row.refused_at:
            raise NotShared("This share was taken back. Make it again instead.")
        wishes.check_address(row.email)
        on_team(by, row)
        items = _items(row)
        _sees(by, items, "extend")
        if row.needs_approval and not _is_second(by, row):
            raise NotShared("Something of it is restricted. A different person has to extend it.")
        if row.needs_approval:
            _not_theirs(by, items)
        before = row.until
        wanted = until or wishes.offered_until(row.case)
        if wanted <= before:
            raise NotShared(f"It lasts until {wishes.when(before)} already", "until")
        wishes.check_until(timezone.now(), wanted)
        row.until, row.until_set_at, row.more_asked_at = wanted, timezone.now(), None
        row.save(update_fields=["until", "until_set_at", "more_asked_at"])
        data = {"until": wanted.isoformat(), "before": before.isoformat()}
        private = {"name": by.short, "until": wishes.when(wanted), "reason": why}
        tell("share.extended", row, by.actor(), items=items, data=data, private=private)
        if row.approved_at or not row.needs_approval:  # who has no link yet hears nothing of it
            mailing.outside(row, "extended", "Your evidence stays open longer")
    return row


def narrow(*, by: User, share: Share, number: int, reason: str) -> Share:
    """Take one thing out of a share. Raises Share.DoesNotExist, Item.DoesNotExist, NotShared."""
    why = _reason(reason, "it is taken out")
    with transaction.atomic():
        row = _locked(by, share, "share.revoke")
        if row.revoked_at or row.refused_at:
            raise NotShared("This share was taken back: nothing of it is open any more.")
        items = _items(row)
        item = next((one for one in items if one.number == number), None)
        if item is None:
            raise Item.DoesNotExist
        if len(items) == 1:
            raise NotShared("This is all that is shared. Revoke the share instead.")
        item.removed_at, item.removed_by, item.remove_reason = timezone.now(), by, why
        item.save(update_fields=["removed_at", "removed_by", "remove_reason"])
        what = named(item)
        private = {"name": by.short, "what": what, "reason": why}
        tell("share.narrowed", row, by.actor(), items=[item], data={"item": number},
             private=private)  # fmt: skip
    return row


def revoke(*, by: User, share: Share, reason: str) -> Share:
    """End a share now: its pages, and what is being played or downloaded, within seconds.

    Raises Share.DoesNotExist, NotShared. Again: nothing.
    """
    why = _reason(reason, "it is revoked")
    with transaction.atomic():
        row = _locked(by, share, "share.revoke")
        if row.revoked_at is None:
            row.revoked_at, row.revoked_by, row.revoke_reason = timezone.now(), by, why
            row.save(update_fields=["revoked_at", "revoked_by", "revoke_reason"])
            private = {"name": by.short, "reason": why}
            tell("share.revoked", row, by.actor(), items=_items(row), private=private)
    return row


def send_again(*, by: User, share: Share) -> Made:
    """Send a new link for a share that stands, and make a new passphrase where there is one: the
    old ones open nothing any more, and a lock is gone. Raises Share.DoesNotExist, NotShared."""
    with transaction.atomic():
        row = _locked(by, share, "share.make")
        if row.state() not in ("live", "coming", "locked"):
            raise NotShared("This share does not stand any more. Make it again instead.")
        wishes.check_address(row.email)
        on_team(by, row)
        _sees(by, _items(row), "send")
        phrase = making.new_passphrase() if row.how == Share.How.PASSPHRASE else ""
        if phrase:
            row.passphrase = make_password(phrase)
            row.save(update_fields=["passphrase"])
        token = making.send_link(row, by)
        row.proofs.all().delete()
        row.codes.filter(used_at=None).update(used_at=timezone.now())
    return Made(row, phrase, token)


def take_over(*, by: User, share: Share, reason: str) -> Share:
    """Answer for a share whose owner has left. Raises Share.DoesNotExist, NotShared."""
    why = _reason(reason, "you take it over")
    with transaction.atomic():
        row = _locked(by, share, "share.make")
        if row.owner_id == by.pk:
            return row
        on_team(by, row)
        items = _items(row)
        _sees(by, items, "take over")
        before, row.owner = row.owner.short, by
        row.save(update_fields=["owner"])
        private = {"name": by.short, "before": before, "reason": why}
        tell("share.taken_over", row, by.actor(), items=items, private=private)
    return row


def make_again(
    *, by: User, share: Share, until: datetime | None = None, asked: UUID | None = None
) -> Made:
    """A new share of the same things for the same person; the old one is revoked where it stands.

    Raises what `make` raises: everything is checked as if it were asked for the first time.
    """
    with transaction.atomic():
        row = _locked(by, share, "share.make")
        items = list(
            Item.objects.filter(share=row, removed_at=None)
            .select_related("recording", "exhibit__clip", "exhibit__recording")
            .prefetch_related("markers")
        )
        things = [
            Thing(recording=None if item.exhibit else item.recording, exhibit=item.exhibit,
                  paper=item.paper, title=item.title,
                  markers=[marker.pk for marker in item.markers.all()])
            for item in items
        ]  # fmt: skip
        wish = Wish(
            recipient=row.recipient, organisation=row.organisation, email=row.email,
            purpose=row.purpose, until=until or wishes.offered_until(row.case), things=things,
            basis=row.basis, case=row.case, words=row.words, downloads=row.downloads,
            watermark=row.watermark, how=row.how, again_of=row, asked=asked,
        )  # fmt: skip
        made = making.make(by=by, wish=wish)
        if row.revoked_at is None:
            revoke(by=by, share=row, reason=f"Made again as {made.share.reference}")
    return made
