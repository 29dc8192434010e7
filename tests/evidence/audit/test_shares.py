"""An auditor reads what became of a share: every event of it is a sentence."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from evidence.audit import looks
from evidence.custody import sequencer
from evidence.custody.history import ERASED
from evidence.custody.record import Actor, Draft, Subject, record
from evidence.custody.vocabulary import types
from evidence.people import links
from evidence.people.models import User
from evidence.recordings.models import Recording
from evidence.sharing import looking, receipt
from evidence.sharing.models import Proof, Share, Viewing
from tests import factories, sharing

pytestmark = pytest.mark.django_db
ALL = sorted(name for name in types() if name.startswith("share."))
BROWSER = links.digest("b")


@pytest.fixture
def share(lane: User, shah: User) -> Share:
    made = sharing.make(lane, factories.recording(shah), factories.recording(shah),
                        downloads=True).share  # fmt: skip
    Proof.objects.create(share=made, browser=BROWSER, proved_at=made.created,
                                 seen_at=made.created)  # fmt: skip
    return made


def page_of(auditor: User, ref: str) -> str:
    client = Client()
    client.force_login(auditor)
    text = client.get(f"/audit/recordings/{ref}/").text.partition("<main")[2]
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


@pytest.mark.parametrize("name", ALL)
def test_every_event_has_words_that_render(name: str) -> None:
    assert name in looks.VERBS, "write how an auditor reads it"
    assert looks.kind_of(name) != "other" or name not in looks.look_types()
    kind = types()[name]
    # As little as the vocabulary lets through: what every writer of it gives.
    given = {
        field: "J Marlow" if field == "recipient" else f"the {field}"
        for field in kind.private
        if field not in ("words", "at")
    }
    actor = Actor("share", "S-2222-2222", auth="code")
    for ref in ("S-2222-2222", "R-2222-2222", "case-1"):
        with transaction.atomic():
            data = {"share": "S-2222-2222", "item": 2} if "share" in kind.data else {"fields": []}
            record(Draft(name, Subject(ref), actor, data, given))
    sequencer.run()
    lines = looks.describe(looks.find("actor_ref", ["S-2222-2222"], looks.Span(), 9, [name]))
    assert len(lines) == 3
    for line in lines:
        said = line.sentence()
        assert ERASED not in said, said
        assert "{" not in said
        assert line.object_ref in said


def test_a_shares_page_says_which_item_was_opened_played_and_taken(
    share: Share, auditor: User
) -> None:
    where: dict[str, Any] = {
        "reference": share.reference,
        "browser": BROWSER,
        "address": "10.9.9.9",
    }
    looking.view(**where)
    looking.view_item(number=2, **where)
    looking.begin(number=2, kind=Viewing.Kind.PLAY, **where)
    looking.begin(number=1, kind=Viewing.Kind.FILE, **where)
    receipt.make_outside(**where)
    sequencer.run()
    said = page_of(auditor, share.reference)
    ref = share.reference
    for words in (
        f"J Marlow opened the list of {ref} from outside",
        f"J Marlow opened the page of item 2 of {ref} from outside",
        f"J Marlow played item 2 of {ref} from outside",
        f"J Marlow downloaded item 1 of {ref} from outside",
        f"J Marlow made a receipt of {ref}",
        f"DS 12 Lane shared {ref} with J Marlow",
    ):
        assert words in said
    item: Recording | None = share.items.get(number=1).recording
    assert item is not None
    said = page_of(auditor, item.reference)
    assert f"J Marlow downloaded {item.reference} from outside" in said
    assert "item 1" not in said
