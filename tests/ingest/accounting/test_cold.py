"""Cold storage by rule. SeaweedFS keeps tags and takes no lifecycle that moves anything: what it
refuses is told, and nothing is tagged. What a store does that takes one is not tried here."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from evidence.people.models import User
from evidence.recordings.models import Category, Original, Recording
from evidence.store import acceptance, buckets, s3
from ingest.accounting import cold
from ingest.accounting.models import ColdRule, Measured
from tests.ingest.accounting.conftest import ago, found

pytestmark = pytest.mark.django_db


@pytest.fixture
def old(docked: Recording, settings: Any) -> Original:
    """An original recorded 100 days ago, in a force whose store has a second class."""
    settings.COLD_CLASSES = ["STANDARD_IA", "GLACIER"]
    Recording.objects.filter(pk=docked.pk).update(happened_at=ago(days=100))
    return docked.originals.get()


def rule(**fields: Any) -> ColdRule:
    return ColdRule.objects.create(**({"after_days": 90, "storage_class": "STANDARD_IA"} | fields))


def test_a_store_that_moves_nothing_is_told_and_nothing_is_tagged(old: Original) -> None:
    rule()
    assert cold.run() == 0
    old.refresh_from_db()
    assert old.cold_class == ""
    assert buckets.tags("originals", old.key, old.version_id) == {}
    assert "NotImplemented" in Measured.objects.get().cold_problem
    assert cold.words().startswith("The store does not move anything, so nothing is tagged.")


def test_store_check_says_so_too(settings: Any) -> None:
    settings.COLD_CLASSES = ["STANDARD_IA"]
    [(what, why)] = acceptance.transitions()
    assert what == "What is tagged is moved to STANDARD_IA."
    assert "NotImplemented" in why
    settings.COLD_CLASSES = []
    assert list(acceptance.transitions()) == []


def test_tagging_is_real_and_once(old: Original) -> None:
    """The part that the store can do: a version's tag, kept beside others, under its lock."""
    buckets.tag("originals", old.key, old.version_id, {"other": "x"})
    one = rule()
    assert cold.tag_due(one, [one]) == 1
    wanted = {"other": "x", cold.TAG: "STANDARD_IA"}
    assert buckets.tags("originals", old.key, old.version_id) == wanted
    old.refresh_from_db()
    assert old.cold_class == "STANDARD_IA"
    assert cold.tag_due(one, [one]) == 0
    assert found() == []


def test_what_is_due(old: Original) -> None:
    every = rule()
    assert list(cold.due(every, [every])) == [old]
    assert not cold.due(rule(after_days=101, active=False), [every])
    Recording.objects.update(disposed_at=timezone.now())
    assert not cold.due(every, [every])


def test_a_category_has_a_rule_of_its_own(old: Original) -> None:
    arrest, search = Category.objects.get(code="arrest"), Category.objects.get(code="stop-search")
    every, own = rule(), rule(category=arrest, after_days=200)
    rules = [every, own]
    assert list(cold.due(every, rules)) == [old]
    Recording.objects.update(category=search)
    assert list(cold.due(every, rules)) == [old]
    Recording.objects.update(category=arrest)
    assert not cold.due(every, rules)
    assert not cold.due(own, rules)
    Recording.objects.update(happened_at=timezone.now() - timedelta(days=201))
    assert list(cold.due(own, rules)) == [old]


def test_a_lost_object_stops_nobody(old: Original, caplog: pytest.LogCaptureFixture) -> None:
    s3.destroy("originals", old.key, old.version_id)
    one = rule()
    assert cold.tag_due(one, [one]) == 0


def test_nothing_is_asked_where_no_class_is_known(old: Original, settings: Any) -> None:
    settings.COLD_CLASSES = []
    rule()
    assert cold.run() == 0
    assert Measured.objects.get().cold_problem == ""
    assert cold.words().startswith("This store has one storage class")


def test_rules_are_the_evidence_managers_and_name_what_can_be_read(
    client: Client, old: Original, administrator: User
) -> None:
    from evidence.custody import sequencer
    from evidence.custody.models import Event
    from tests import factories

    manager = factories.Person(username="em", roles=["evidence_manager"])
    client.force_login(manager)
    path = "/admin/accounting/coldrule/add/"
    form = {"after_days": 90, "storage_class": "GLACIER", "active": "on"}
    assert "read at once" in client.post(path, form).content.decode()
    form["storage_class"] = "ONEZONE_IA"
    assert "The store does not have ONEZONE_IA. It has: STANDARD_IA." in (
        client.post(path, form).content.decode()
    )
    assert client.post(path, form | {"storage_class": "STANDARD_IA"}).status_code == 302
    assert ColdRule.objects.get().after_days == 90
    sequencer.run()
    assert Event.objects.get(type="accounting.data_changed").actor_ref == manager.ref
    client.force_login(administrator)
    assert client.get(path).status_code == 404
