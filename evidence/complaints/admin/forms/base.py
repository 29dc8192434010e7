"""What every form of an act on a complaint has."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator

from evidence.complaints.models import (
    Complaint,
)
from evidence.people.models import User


class ActForm(forms.Form):
    """A form of one complaint, which knows who asks."""

    def __init__(self, *args: Any, user: User, complaint: Complaint, **more: Any) -> None:
        self.user, self.complaint = user, complaint
        super().__init__(*args, **more)
        self.build()
        for field in self.fields.values():
            # What the database can't keep is refused here, in words.
            if isinstance(field, forms.CharField) and field.max_length is None:
                field.validators.append(MaxLengthValidator(20_000))

    def build(self) -> None:
        """Fields that depend on the complaint."""

    def people(self) -> Any:
        """The officers who are named in it."""
        return User.objects.filter(pk__in=self.complaint.named.values("officer"))


class SureForm(ActForm):
    """Nothing to fill in: the button is the act."""
