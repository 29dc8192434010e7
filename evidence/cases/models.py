"""Cases, who works on them, when they are in court, and the footage linked to them."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import F, Func, Q, Value
from django.urls import reverse
from django.utils import timezone

from evidence.cases import formats
from evidence.custody.record import Subject
from evidence.recordings.models import Group, Recording

USER = settings.AUTH_USER_MODEL


class Case(models.Model):
    """A matter that footage is evidence in."""

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        CHARGED = "charged", "Charged"
        CLOSED = "closed", "Closed"

    class Result(models.TextChoices):
        """What became of it; how long each keeps footage is data (fixtures/cpia.json)."""

        NONE = "", "No result yet"
        NO_ACTION = "no_action", "No further action"
        DISCONTINUED = "discontinued", "Discontinued, or no evidence offered"
        ACQUITTED = "acquitted", "Acquitted"
        CONVICTED = "convicted", "Convicted"
        OTHER = "other", "Other disposal, like a caution"

    urn = models.CharField(
        "URN", max_length=formats.LONGEST_URN, unique=True, validators=[formats.check_urn]
    )
    # As it stands in an address. Two URNs that read alike there are one: the database refuses.
    slug = models.GeneratedField(
        expression=Func(
            F("urn"), Value("[^0-9A-Za-z]+"), Value("-"), Value("g"), function="regexp_replace"
        ),
        output_field=models.CharField(max_length=formats.LONGEST_URN),
        db_persist=True,
        unique=True,
    )
    crime_reference = models.CharField(
        max_length=40, blank=True, validators=[formats.check_crime_reference]
    )
    title = models.CharField(max_length=120)
    offence = models.CharField(max_length=120, blank=True)
    officer_in_case = models.ForeignKey(
        USER, models.PROTECT, null=True, blank=True, related_name="+"
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    # --- what became of it ---
    result = models.CharField(
        max_length=16, choices=Result.choices, default=Result.NONE, blank=True
    )
    result_on = models.DateField("date of the result", null=True, blank=True)
    custodial = models.BooleanField("custodial sentence or hospital order", default=False)
    released_on = models.DateField("released from custody on", null=True, blank=True)
    appeal = models.BooleanField("appeal or CCRC application pending", default=False)
    appeal_ended_on = models.DateField("appeal decided on", null=True, blank=True)
    investigation_ended_on = models.DateField(null=True, blank=True)
    # How long police information is kept after it, from the day of the result; the longest wins.
    group = models.ForeignKey(
        Group, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="MoPI group"
    )
    # What the result and its dates come to (periods.py); empty as long as nobody can know.
    keep_until = models.DateField(null=True, blank=True, editable=False)
    holds_released_at = models.DateTimeField(null=True, blank=True, editable=False)
    recordings = models.ManyToManyField(Recording, through="CaseLink", related_name="cases")
    # --- who changed it: two editors don't overwrite each other silently ---
    version = models.PositiveIntegerField(default=1, editable=False)
    opened_by = models.ForeignKey(
        USER, models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    changed_by = models.ForeignKey(
        USER, models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    changed_at = models.DateTimeField(null=True, blank=True, editable=False)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created"]
        indexes = [
            models.Index(
                fields=["keep_until"], name="case_period_ends",
                condition=Q(holds_released_at=None, keep_until__isnull=False),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.urn} {self.title}"

    def get_absolute_url(self) -> str:
        """The page of this case."""
        return reverse("case", args=[formats.slug(self.urn)])

    def subject(self) -> Subject:
        """This case as the custody log names it: a number, not its URN."""
        return Subject(f"case-{self.pk}")

    @property
    def next_court_date(self) -> date | None:
        """The next day in court, from today on; one query unless a list has asked for it."""
        if hasattr(self, "next_court"):
            found: date | None = self.next_court
            return found
        ahead = self.court_dates.filter(removed_at=None, date__gte=timezone.localdate())
        return ahead.order_by("date").values_list("date", flat=True).first()


class CourtDate(models.Model):
    """A day in court. What is past stays; what was listed and then taken off is kept as such."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="court_dates")
    date = models.DateField()
    court = models.CharField(max_length=80, blank=True)
    what = models.CharField("what for", max_length=120, blank=True)
    added_by = models.ForeignKey(USER, models.PROTECT, null=True, related_name="+")
    added_at = models.DateTimeField(auto_now_add=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_by = models.ForeignKey(USER, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["date", "id"]
        indexes = [
            models.Index(
                fields=["case", "date"], name="court_date_of_case", condition=Q(removed_at=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case.urn} on {self.date:%-d %b %Y}"


class CaseMember(models.Model):
    """Somebody's part in a case, until it ends. The officer in the case counts without a row."""

    class Part(models.TextChoices):
        CASE = "case_officer", "Case officer"
        DISCLOSURE = "disclosure_officer", "Disclosure officer"
        INVESTIGATOR = "investigator", "Investigator"

    case = models.ForeignKey(Case, models.PROTECT, related_name="members")
    person = models.ForeignKey(USER, models.PROTECT, related_name="case_parts")
    part = models.CharField(max_length=20, choices=Part.choices)
    reason = models.CharField(max_length=300)
    added_by = models.ForeignKey(USER, models.PROTECT, related_name="+")
    added_at = models.DateTimeField(auto_now_add=True)
    until = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_by = models.ForeignKey(USER, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["part", "added_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "person", "part"], condition=Q(removed_at=None),
                name="one_part_once",
            )
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["person"], name="part_of_person", condition=Q(removed_at=None))
        ]

    def __str__(self) -> str:
        return f"{self.person} in {self.case.urn}"


class CaseLink(models.Model):
    """A recording's place in a case, and why. Unlinking ends it; the row stays."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="links")
    recording = models.ForeignKey(Recording, models.PROTECT, related_name="case_links")
    reason = models.CharField(max_length=300)
    linked_by = models.ForeignKey(USER, models.PROTECT, related_name="+")
    linked_at = models.DateTimeField(auto_now_add=True)
    unlinked_at = models.DateTimeField(null=True, blank=True)
    unlinked_by = models.ForeignKey(USER, models.PROTECT, null=True, blank=True, related_name="+")
    unlink_reason = models.CharField(max_length=300, blank=True)
    # Unlinked, but the case's hold stays until this day: footage past its period does not go at
    # once.
    hold_until = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "recording"], condition=Q(unlinked_at=None), name="linked_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["hold_until"], name="link_grace", condition=Q(hold_until__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return f"{self.recording} in {self.case.urn}"
