"""What is done with people and units."""

from __future__ import annotations

from django.db import transaction

from evidence.people.models import Unit


class NotAllowed(PermissionError):
    """Somebody may not do this. Its sentence is for a person."""


def make_unit(*, name: str, parent: Unit | None = None) -> Unit:
    """The unit of that name, made where it is missing, with its path set."""
    with transaction.atomic():
        unit, made = Unit.objects.get_or_create(name=name, defaults={"parent": parent, "path": ""})
        if made:
            unit.path = f"{parent.path if parent else '/'}{unit.pk}/"
            unit.save(update_fields=["path"])
    return unit
