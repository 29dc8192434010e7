"""Pages of other things name recordings only to those who may see them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from evidence.cases.models import Case, CaseLink
from evidence.complaints.models import Complaint
from evidence.people.models import User
from evidence.recordings.models import Package, Recording
from evidence.retention.models import Hold
from evidence.sharing.models import Item, Share
from tests import factories

pytestmark = pytest.mark.django_db


def test_restricted_footage_is_not_named_by_what_it_is_linked_to(shah: User, lane: User) -> None:
    now = timezone.now()
    item, plain = factories.recording(shah), factories.recording(shah)
    case = Case.objects.create(urn="01AB/12345/26", title="R v Marsh")
    for one in (item, plain):
        CaseLink.objects.create(case=case, recording=one, reason="seen there", linked_by=lane)
        Hold.objects.create(recording=one, kind="complaint", reference="PC/1/26", reason="x")
    complaint = Complaint.objects.create(
        reference="PC/1/26", received=now.date(), complainant="A", account="B", start=now,
        end=now + timedelta(hours=1), recorded_by=lane,
    )  # fmt: skip
    share = Share.objects.create(
        recipient="J", organisation="CPS", email="j@cps.example", purpose="Charging",
        until=now + timedelta(days=1), token_hash="x", made_by=lane, owner=lane,
    )  # fmt: skip
    for number, one in enumerate((item, plain), start=1):
        Item.objects.create(share=share, number=number, recording=one)
    package = Package.objects.create(purpose="Charging", made_by=lane, state="ready", key="x")
    package.recordings.set([item, plain])
    client = Client()
    client.force_login(lane)
    pages = [
        f"/admin/cases/case/{case.pk}/change/",
        f"/admin/complaints/complaint/{complaint.pk}/holds/",
        f"/shares/{share.reference}/",
        f"/admin/recordings/package/{package.pk}/change/",
    ]
    for page in pages:
        assert item.reference in client.get(page).text, page
    Recording.objects.filter(pk=item.pk).update(restricted="covert")
    for page in pages:
        text = client.get(page).text
        assert item.reference not in text, page
        assert plain.reference in text, page
        assert "that you can&#x27;t see" in text, page
    found = client.get("/admin/recordings/package/", {"q": item.reference})
    assert package.reference not in found.text
