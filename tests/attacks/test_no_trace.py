"""A person finds no trace of what they may not see: whatever they ask, by whatever way.

Each probe is asked twice. Those that name something are asked of what exists and may not be
seen, and of what does not exist; those that list or count are asked before the thing exists
and after. Status, headers and bytes have to be the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client

from evidence.people.models import User
from evidence.recordings.access import find
from evidence.recordings.models import Recording, make_reference
from evidence.retention.models import Hold, Kind
from tests.attacks.comparing import (
    CURSOR,
    OFFICE,
    SITUATIONS,
    a_person,
    a_thing,
    an_owner,
    client_of,
    difference,
    plain,
)

pytestmark = pytest.mark.django_db
# --- probes that name a recording ---
Named = tuple[str, str, dict[str, str], dict[str, str]]  # method, path, data, headers
NAMED: list[Named] = [
    ("get", "/footage/{ref}/", {}, {}),
    ("head", "/footage/{ref}/", {}, {}),
    ("options", "/footage/{ref}/", {}, {}),
    ("post", "/footage/{ref}/", {}, {}),
    ("put", "/footage/{ref}/", {}, {}),
    ("get", "/footage/{low}/", {}, {}),
    ("get", "/footage/{ref}", {}, {}),
    ("get", "/footage/{ref}/?t=136.48", {}, {}),
    ("get", "/footage/{ref}/", {}, {"If-None-Match": '"x"', "If-Modified-Since": "Sun, 22 Nov 2026 22:14:07 GMT"}),
    ("get", "/footage/{ref}/", {}, {"Range": "bytes=0-1"}),
    ("get", "/footage/{ref}/", {}, {"HX-Request": "true"}),
    ("get", "/footage/{ref}/", {}, {"Accept": "application/json"}),
    ("get", "/footage/{ref}/", {}, {"Accept-Encoding": "gzip"}),
    ("get", "/footage/{ref}/status/", {}, {}),
    ("head", "/footage/{ref}/status/", {}, {}),
    ("get", "/footage/{ref}/status/", {}, {"HX-Request": "true"}),
    ("post", "/footage/{ref}/play/", {}, {}),
    ("post", "/footage/{ref}/play/", {"again": "1"}, {}),
    ("get", "/footage/{ref}/play/", {}, {}),
    ("post", "/footage/{ref}/categorise/", {"category": "arrest"}, {}),
    ("post", "/footage/{ref}/categorise/", {"category": "undo"}, {}),
    ("post", "/footage/{ref}/categorise/", {"category": "nonsense"}, {}),
    ("post", "/footage/{ref}/categorise/", {"category": "arrest", "back": "footage"}, {}),
    ("post", "/footage/{ref}/categorise/", {"category": "arrest"}, {"HX-Request": "true"}),
    ("post", "/footage/{ref}/download/{original}/", {}, {}),
    ("get", "/footage/{ref}/download/{original}/", {}, {}),
    ("get", "/footage/{ref}/markers/", {}, {}),
    ("post", "/footage/{ref}/markers/", {"at_ms": "1", "text": "x"}, {}),
    ("get", "/footage/{ref}/clip/", {}, {}),
    ("get", "/footage/{ref}/clip/?case=01AB/12345/26", {}, {}),
    ("post", "/footage/{ref}/clip/", {"what": "whole", "case": "01AB/12345/26", "description": "xyz"}, {}),
    ("get", "/footage/{ref}/history/", {}, {}),
    ("get", "/footage/{ref}/kept/", {}, {}),
    ("get", "/together/?r={ref}&r={ref}", {}, {}),
    ("get", "/shared/{ref}/", {}, {}),
    ("get", "/shared/{ref}/1/", {}, {}),
    ("get", "/search/?q={ref}", {}, {}),
    ("get", "/search/?q={low}", {}, {}),
    ("get", "/search/?q={bare}", {}, {}),
    ("get", "/search/?q={ref}&category=arrest", {}, {}),
    ("head", "/search/?q={ref}", {}, {}),
    ("get", "/search/?camera={ref}", {}, {}),
    ("get", "/admin/recordings/recording/?q={ref}", {}, {}),
    ("get", "/admin/recordings/recording/?reference={ref}", {}, {}),
    ("get", "/admin/recordings/recording/?reference__startswith={ref}", {}, {}),
    ("get", "/admin/recordings/recording/{pk}/change/", {}, {}),
    ("get", "/admin/recordings/recording/{pk}/", {}, {}),
    ("get", "/admin/recordings/recording/{pk}/history/", {}, {}),
    ("get", "/admin/recordings/recording/{pk}/delete/", {}, {}),
    ("post", "/admin/recordings/recording/{pk}/delete/", {"post": "yes"}, {}),
    ("get", "/admin/recordings/recording/{pk}/custody/", {}, {}),
    ("get", "/admin/recordings/recording/{pk}/custody/report/", {}, {}),
    ("post", "/admin/recordings/recording/{pk}/custody/verify/", {}, {}),
    ("get", "/admin/recordings/recording/{pk}/custody/checks/1/", {}, {}),
    ("get", "/admin/retention/unassigned/{pk}/change/", {}, {}),
    ("get", "/admin/go/{ref}", {}, {}),
    ("post", "/admin/recordings/package/add/", {"what": "{ref}", "purpose": "x", "details": "footage"}, {}),
    ("post", "/admin/recordings/package/add/", {"what": "{ref} R-2222-2222", "purpose": "x", "details": "footage"}, {}),
    ("get", "/admin/recordings/package/?q={ref}", {}, {}),
    ("get", "/shares/new/?recording={ref}", {}, {}),
    ("get", "/shares/new/?recording={low}", {}, {}),
    ("get", "/shares/new/?recording={ref}&case=01AB-12345-26", {}, {}),
    ("post", "/shares/new/?recording={ref}", {"thing": "{ref}", "do": "check"}, {}),
    ("post", "/shares/new/?recording={ref}",
     {"thing": "{ref}", "recipient": "J Marlow", "organisation": "CPS", "email": "j@cps.gov.uk",
      "purpose": "xyz", "basis": "charging", "how": "code", "until": "2026-12-20", "do": "send"}, {}),
    ("get", "/shares/{ref}/", {}, {}),
    ("get", "/shares/?show={ref}", {}, {}),
    ("post", "/shares/", {"q": "{ref}"}, {}),
    ("get", "/admin/sharing/share/?q={ref}", {}, {}),
    ("post", "/admin/cases/case/add/",
     {"urn": "01AB/12345/26", "title": "T", "status": "open", "link": "{ref}", "reason": "x"}, {}),
    ("post", "/admin/recordings/grant/add/",
     {"recording": "{ref}", "reason": "x", "until_0": "2026-12-20", "until_1": "12:00:00"}, {}),
    ("get", "/api/recordings/{ref}", {}, {}),
]  # fmt: skip


@pytest.mark.parametrize("probe", NAMED, ids=lambda probe: f"{probe[0]} {probe[1]} {probe[2]}"[:90])
def test_what_exists_and_may_not_be_seen_answers_as_what_does_not_exist(probe: Named) -> None:
    method, path, data, headers = probe
    an_owner()
    for name, reader, fields in SITUATIONS:
        client = client_of(reader())
        thing = a_thing(**fields)
        names = {
            "ref": thing.reference,
            "pk": str(thing.pk),
            "original": str(thing.originals.get().pk),
        }
        missing = make_reference()
        none = {"ref": missing, "pk": str(10**9 + thing.pk), "original": str(10**9)}

        def ask(of: dict[str, str], client: Client = client) -> Any:
            of = of | {"low": of["ref"].lower(), "bare": of["ref"].replace("-", "")}
            given = {key: value.format(**of) for key, value in data.items()}
            answer = getattr(client, method)(path.format(**of), given, headers=headers)
            return plain(answer, of["ref"], f"/{of['pk']}/",
                          f"/{of['original']}/")  # fmt: skip

        forbidden, absent = ask(names), ask(none)
        assert forbidden[0] == absent[0], (name, forbidden[0], absent[0])
        assert forbidden[1] == absent[1], name
        assert forbidden[2] == absent[2], (name, difference(forbidden[2], absent[2]))
        assert b"zebra" not in forbidden[2].lower(), name
        thing.refresh_from_db()
        assert thing.category is not None  # and nothing was changed


# --- probes that list and count ---
def listings() -> list[str]:
    words = [
        "7717", "owner", "zebranote", "zebrafile", "ZEBRAFILE_1.MP4", "zebradock", "zebramarker",
        "CAMZEBRA-9", "camzebra", "77QQ/77177/26", "77177", "arrest", "charing", "-nothing zebranote",
        '"zebranote fell"', "nothing or zebranote", "zeb",
    ]  # fmt: skip
    filters = [
        "officer=7717", "officer=owner", "category=arrest", "category=none", "camera=CAMZEBRA-9",
        "state=unplayable", "length=1", "markers=1", "restricted=1", "start=2026-11-22",
        "end=2026-11-22", "start=2026-11-22&end=2026-11-22", "incident=nonsense",
        "q=zebranote&category=none", "q=nothing&camera=CAMZEBRA-9", "q=owner&state=ready",
        f"q=zebranote&before={CURSOR}", f"q=zebranote&after={CURSOR}", f"state=unplayable&before={CURSOR}",
    ]  # fmt: skip
    lookups = [
        "officer__collar=7717", "officer__name=owner", "note__contains=zebra", "camera=CAMZEBRA-9",
        "crime_reference=77QQ/77177/26", "media__exact=unplayable", "officer=known", "officer=none",
        "category__id__exact=1", "holds__reference=x", "markers__text__contains=zebra", "o=1",
        "cases__urn=1", "restricted=covert", "p=0", "all=", "_facets=1", "e=1",
    ]  # fmt: skip
    return [
        "/footage/", "/footage/?whose=team", "/footage/?whose=all", f"/footage/?before={CURSOR}",
        f"/footage/?after={CURSOR}", "/team/", "/cases/", "/samples/", "/search/", "/admin/", "/",
        *(f"/search/?q={word.replace(' ', '+')}" for word in words),
        *(f"/search/?{filter_}" for filter_ in filters),
        *(f"/admin/recordings/recording/?q={word.replace(' ', '+')}" for word in words[:8]),
        *(f"/admin/recordings/recording/?{lookup}" for lookup in lookups),
        "/admin/recordings/recording/", "/admin/retention/unassigned/", "/admin/recordings/package/",
        "/admin/retention/hold/", "/admin/cases/case/", "/admin/sharing/share/",
        "/shares/", "/shares/?show=ended", "/shares/?show=mine", "/shares/new/", "/shares/people/",
    ]  # fmt: skip


@pytest.mark.parametrize("path", listings())
def test_no_list_count_or_filter_tells_that_it_is_there(path: str) -> None:
    an_owner()
    for name, reader, fields in SITUATIONS:
        client = client_of(reader())
        if path.startswith("/search/") and reader().username in ("stan", "mana", "auth"):
            client.post("/search/", {"query": path.partition("?")[2], "reason": "why"})
        client.get(path)  # what a first look changes
        before = plain(client.get(path))
        thing = a_thing(**fields)
        # Nobody known: on the lists of what is to be assigned.
        other = a_thing(**fields) if fields else None
        if other:
            Recording.objects.filter(pk=other.pk).update(officer=None)
        after = plain(client.get(path))
        assert before[0] == after[0], name
        assert before[1] == after[1], name
        assert before[2] == after[2], (name, difference(before[2], after[2]))
        for gone in filter(None, (thing, other)):
            Recording.objects.filter(pk=gone.pk).update(
                joined_into=gone.pk
            )  # out of the next one's way


def _autocompletes() -> Iterator[str]:
    """Every relation of every model in the admin, asked for what leads to the recording."""
    for model in admin.site._registry:
        for field in model._meta.get_fields():
            if field.is_relation and field.concrete:
                meta = model._meta
                yield (f"/admin/autocomplete/?app_label={meta.app_label}&model_name={meta.model_name}"
                       f"&field_name={field.name}&term=")  # fmt: skip


@pytest.mark.parametrize("path", _autocompletes())
def test_no_autocomplete_of_the_admin_tells_that_it_is_there(path: str) -> None:
    an_owner()
    for name, reader, fields in SITUATIONS:
        client = client_of(reader())
        thing = a_thing(**fields)
        for term in (thing.reference, thing.reference[:6], "zebra", ""):
            answer = client.get(path + term)
            body = bytes(answer.content)
            assert thing.reference.encode() not in body.replace(term.encode() or b"\0", b""), name
            assert b"zebra" not in body.lower(), name


# --- what hangs on it: nothing that points to it shows it ---
HANGING = [
    "/admin/retention/hold/",
    "/admin/retention/hold/?q={ref}",
    "/admin/retention/hold/{hold}/change/",
    "/retention/holds/",
    "/retention/holds/?show=all",
    "/retention/holds/{hold}/",
    "/retention/holds/{hold}/change/",
    "/retention/holds/{hold}/release/",
    "/retention/holds/new/?recording={ref}",
]


@pytest.mark.parametrize("path", HANGING)
def test_a_hold_on_restricted_footage_tells_nothing_of_it(path: str) -> None:
    an_owner()
    manager = a_person("mana2", "evidence_manager")
    thing = a_thing()
    hold = Hold.objects.create(
        recording=thing, kind=Kind.MANUAL, reason="zebrareason", set_by=manager
    )
    Recording.objects.filter(pk=thing.pk).update(restricted="covert")
    for name in ("professional standards", "the evidence manager", "the appropriate authority"):
        answer = client_of(OFFICE[name]()).get(path.format(ref=thing.reference, hold=hold.pk))
        shown = answer.text.replace(f"q={thing.reference}", "")
        shown = shown.replace(f'value="{thing.reference}"', "")
        assert thing.reference not in shown, name
        assert "zebrareason" not in shown, name


# --- somebody who is suspended ---
@pytest.mark.parametrize(
    "path", ["/footage/", "/footage/{ref}/", "/search/?q={ref}", "/admin/", "/search/"]
)
def test_a_suspended_person_is_sent_to_sign_in_whatever_they_ask(path: str) -> None:
    owner = an_owner()
    client = client_of(owner)
    thing = a_thing()
    User.objects.filter(pk=owner.pk).update(status="suspended")
    answers = [client.get(path.format(ref=ref)) for ref in (thing.reference, make_reference())]
    one, other = [plain(answer, thing.reference) for answer in answers]
    assert one[0] == other[0] == 302
    assert all(answer["Location"].startswith(("/sign-in/", "/admin/login/")) for answer in answers)
    assert one[2] == other[2] == b""


# --- the probes can fail ---
def test_the_comparison_sees_what_is_there(db: None) -> None:
    owner = an_owner()
    client = client_of(owner)
    before = plain(client.get("/search/?q=zebranote"))
    thing = a_thing()
    after = plain(client.get("/search/?q=zebranote"), thing.reference)
    assert before[2] != after[2]
    assert plain(client.get(f"/footage/{thing.reference}/"))[0] == 200
    assert find(owner, thing.reference) == thing


def test_there_are_at_least_sixty_probes() -> None:
    assert len(NAMED) + len(listings()) + len(list(_autocompletes())) >= 45
