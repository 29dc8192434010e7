"""The complaint itself, and the officers who are named in it."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q

from evidence.custody.record import Subject

REFERENCE = RegexValidator(r"^(PC|CM)/\d{1,6}/\d{2}$", "Enter a reference like PC/1234/26")


class Complaint(models.Model):
    """One complaint or conduct matter, the officers it is about, and how far it has come."""

    class Source(models.TextChoices):
        ONLINE = "online", "Online form"
        PHONE = "phone", "Telephone"
        LETTER = "letter", "Letter"
        MAIL = "mail", "E-mail"
        PERSON = "person", "In person"
        REPRESENTATIVE = "representative", "Solicitor or other representative"
        MEMBER = "member", "Member of Parliament or councillor"
        BODY = "body", "Local policing body"
        IOPC = "iopc", "IOPC"
        INTERNAL = "internal", "From inside the force"

    class Standing(models.TextChoices):
        """Who may complain (Police Reform Act 2002 s.12)."""

        SUBJECT = "subject", "The conduct was towards them"
        AFFECTED = "affected", "Adversely affected by it"
        WITNESS = "witness", "Witnessed it"
        FOR_ANOTHER = "for_another", "Acts for somebody, with their written consent"
        NONE = "none", "No complainant (conduct matter)"

    class Severity(models.TextChoices):
        SERVICE = "service", "Service or learning"
        MISCONDUCT = "misconduct", "Misconduct"
        GROSS = "gross", "Gross misconduct"
        CRIMINAL = "criminal", "Criminal"

    class Handling(models.TextChoices):
        OUTSIDE = "outside", "Outside Schedule 3"
        OTHERWISE = "otherwise", "Under Schedule 3, otherwise than by investigation"
        LOCAL = "local", "Local investigation"
        SPECIAL = "special", "Local investigation under special procedures"
        DIRECTED = "directed", "Directed investigation (IOPC)"
        INDEPENDENT = "independent", "Independent investigation (IOPC)"

    class Status(models.TextChoices):
        RECORDED = "recorded", "Recorded"
        HANDLED = "handled", "Being handled"
        DECIDED = "decided", "Decided, to be told"
        TOLD = "told", "Outcome told, review period"
        REVIEW = "review", "At review"
        CLOSED = "closed", "Closed"

    reference = models.CharField(max_length=20, unique=True, validators=[REFERENCE])
    received = models.DateField(help_text="The day on which it reached the force")
    source = models.CharField(max_length=16, choices=Source.choices, default=Source.ONLINE)
    complainant = models.CharField(max_length=120)
    standing = models.CharField(
        "why they may complain", max_length=12, choices=Standing.choices, default=Standing.SUBJECT
    )
    contact = models.TextField(blank=True, help_text="Address, telephone, e-mail, and what they ask"
                               " for: large print, an interpreter")  # fmt: skip
    account = models.TextField(help_text="What happened, in the complainant's words")
    officers = models.ManyToManyField(
        settings.AUTH_USER_MODEL, through="Named", through_fields=("complaint", "officer"),
        related_name="+",
    )  # fmt: skip
    start = models.DateTimeField("from", help_text="Footage that reaches into this time is held")
    end = models.DateTimeField("to")
    place = models.CharField(max_length=200, blank=True)
    # Degrees (WGS 84). Footage of whoever was there is held, not of the officers named alone.
    latitude = models.FloatField(
        null=True, blank=True, validators=[MinValueValidator(-90), MaxValueValidator(90)]
    )
    longitude = models.FloatField(
        null=True, blank=True, validators=[MinValueValidator(-180), MaxValueValidator(180)]
    )
    radius = models.PositiveIntegerField(
        "within", default=200, help_text="Metres around the place",
        validators=[MinValueValidator(10), MaxValueValidator(5000)],
    )  # fmt: skip
    severity = models.CharField(max_length=12, choices=Severity.choices, default=Severity.SERVICE)
    handling = models.CharField(max_length=12, choices=Handling.choices, default=Handling.OTHERWISE)
    same_incident = models.ManyToManyField("self", blank=True)
    handler = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    authority = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name="appropriate authority",
    )  # fmt: skip
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.RECORDED)
    # When the last finding was decided; the outcome is told within five working days of it.
    decided_on = models.DateField(null=True, blank=True)
    told_on = models.DateField(null=True, blank=True)
    closed_on = models.DateField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    # The nearest clock, kept by `clocks.keep`: lists are ordered by it, overdue first.
    next_due = models.DateField(null=True, blank=True)
    next_due_for = models.CharField(max_length=40, blank=True)
    # Counted up with every change: who saves over another's change is told (see actions.saving).
    version = models.PositiveIntegerField(default=1)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+",
        editable=False,
    )  # fmt: skip
    changed_at = models.DateTimeField(null=True, blank=True, editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False
    )
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created"]
        indexes = [
            models.Index(fields=["next_due", "id"], name="complaint_next_due",
                         condition=~Q(status="closed")),
            models.Index(fields=["-received", "-id"], name="complaint_newest"),
            models.Index(fields=["handler", "next_due"], name="complaint_of_handler"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.reference

    def clean(self) -> None:
        """The window must run forward; a place has both its numbers."""
        super().clean()
        if self.start and self.end and self.end <= self.start:
            raise ValidationError(
                {"end": f"The end must be after the start, {self.start:%d %b %Y %H:%M}."}
            )
        if (self.latitude is None) != (self.longitude is None):
            raise ValidationError({"longitude": "Enter both latitude and longitude, or neither."})

    @property
    def under_schedule3(self) -> bool:
        """Whether Schedule 3 of the Police Reform Act 2002 governs how it is handled."""
        return self.handling != self.Handling.OUTSIDE

    def subject(self) -> Subject:
        """This complaint as the custody log names it: a number, not its reference."""
        return Subject(f"complaint-{self.pk}")


class Named(models.Model):
    """An officer in a complaint: one it is about, or one who was there.

    Until a notice is served, nothing tells the officer that there is a complaint.
    """

    class Part(models.TextChoices):
        SUBJECT = "subject", "Complained of"
        PRESENT = "present", "Was there"

    complaint = models.ForeignKey(Complaint, models.PROTECT, related_name="named")
    officer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    part = models.CharField(max_length=8, choices=Part.choices, default=Part.SUBJECT)
    served_on = models.DateField(null=True, blank=True)
    served_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    # What the notice says of it: the officer reads this, and nothing else.
    notice = models.TextField(blank=True)

    class Meta:
        ordering = ["part", "id"]
        constraints = [
            models.UniqueConstraint(fields=["complaint", "officer"], name="named_once")
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.officer} in {self.complaint_id}"
