"""The address book: kept by those who share, each change an event."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from evidence.custody.record import Draft, Subject, record
from evidence.people import typed
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.sharing.models import Contact
from evidence.sharing.wishes import NotShared, check_address


def _allowed(by: User) -> None:
    if not (by.may("share.make") or by.may("share.directory")):
        raise NotAllowed("You can't change the address book.")


def keep_contact(
    *, by: User, name: str, organisation: str, email: str, phone: str | None = None,
    contact: Contact | None = None,
) -> Contact:  # fmt: skip
    """Somebody in the address book, new or as they are now, and the event of it. Raises NotShared
    for somebody without a name, or at an address that nothing may be shared with; NotAllowed."""
    _allowed(by)
    values = {"name": typed.one_line(name, 120), "organisation": typed.one_line(organisation, 120)}
    if len(values["name"]) < 3:
        raise NotShared("Enter the name of one person", "name")
    if len(values["organisation"]) < 2:
        raise NotShared("Enter their organisation", "organisation")
    check_address(email)
    values["email"] = email.lower()
    if phone is not None:
        values["phone"] = typed.one_line(phone, 40)
    with transaction.atomic():
        rows = Contact.objects.select_for_update()
        same = rows.filter(email=values["email"]).first()
        if contact is not None and same is not None and same.pk != contact.pk:
            raise NotShared(f"{same} has this address already.", "email")
        row = same or (rows.get(pk=contact.pk) if contact else Contact(added_by=by))
        before = {name: getattr(row, name) for name in values} if row.pk else {}
        if before == values and row.removed_at is None:
            return row
        for field_, value in values.items():
            setattr(row, field_, value)
        row.removed_at = None
        row.save()
        _told(by, row, sorted(values), before, values)
    return row


def remove_contact(*, by: User, contact: Contact) -> None:
    """Take somebody out of the address book; what was shared with them stays. Raises NotAllowed."""
    _allowed(by)
    with transaction.atomic():
        row = Contact.objects.select_for_update().get(pk=contact.pk)
        if row.removed_at is None:
            row.removed_at = timezone.now()
            row.save(update_fields=["removed_at"])
            _told(by, row, ["removed_at"], {}, {"removed": "yes"})


def _told(
    by: User, row: Contact, fields: list[str], before: dict[str, str], after: dict[str, str]
) -> None:
    private = {"name": by.short, "what": str(row), "before": before, "after": after}
    record(
        Draft("share.data_changed", Subject("share-contact"), by.actor(), {"fields": fields},
              private)
    )  # fmt: skip
