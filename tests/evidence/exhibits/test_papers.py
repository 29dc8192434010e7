"""The papers of a case agree: one structure, whatever is made of it."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from datetime import timedelta
from typing import Any, get_args

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pypdf import PdfReader

from evidence.cases.models import Case
from evidence.custody import sequencer
from evidence.custody.models import Event
from evidence.exhibits import disclosure, paper_actions, papers, printing
from evidence.exhibits.disclosure import NotDecided, Said
from evidence.exhibits.models import Clip, Decision
from evidence.exhibits.papers import Kind, NoPapers
from evidence.people.models import User
from evidence.recordings.models import Recording
from tests import factories
from tests.evidence.exhibits import casting

pytestmark = pytest.mark.django_db


@pytest.fixture
def marlow(db: None) -> User:
    return casting.case_officer()


@pytest.fixture
def case(marlow: User) -> Case:
    return casting.case(marlow)


@pytest.fixture
def footage(case: Case, shah: User, marlow: User) -> list[Recording]:
    """Five recordings of one case, the first an exhibit as a whole and by a clip."""
    made = [
        factories.recording(
            shah, clock_offset=timedelta(seconds=16), clock_within=timedelta(seconds=2),
            duration_ms=60_000,
        )
        for _ in range(5)
    ]  # fmt: skip
    for one in made:
        casting.link(case, one, marlow)
    casting.exhibit(case, made[0], shah, "AS/1", clip=False)
    casting.exhibit(case, made[0], shah, "AS/2", description='=HYPERLINK("x") of the van')
    casting.exhibit(case, made[1], marlow, "JM/1", description="The street <b>after</b> it")
    return made


def said(**more: Any) -> Said:
    values: dict[str, Any] = {
        "relevant": "yes", "used": False, "sensitive": False, "withheld": False,
        "reason": "Shows the street", "description": "The street, 00:02:16 a van leaves",
        "location": "",
    }  # fmt: skip
    return Said(**(values | more))


def decide(by: User, case: Case, it: Recording, **more: Any) -> Decision:
    return disclosure.decide(by=by, case=case, key=it.reference, said=said(**more))


def text_of(body: bytes) -> str:
    """The PDF's words without its line breaks, so that what was broken is found."""
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(body)).pages]
    return re.sub(r"\s+", "", "".join(pages))


def squeezed(words: str) -> str:
    return re.sub(r"\s+", "", words)


def rows_of(body: bytes) -> list[dict[str, str]]:
    assert body.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline="")))


def make(by: User, case: Case, kind: Kind, wanted: Any) -> bytes:
    return paper_actions.make(by=by, case=case, kind=kind, wanted=wanted, address="10.1.2.3")


def test_every_paper_says_the_same_of_an_exhibit(
    marlow: User, case: Case, footage: list[Recording]
) -> None:
    built = papers.build(by=marlow, case=case)
    assert [row.mark for row in built.exhibits] == ["AS/1", "AS/2", "JM/1"]
    by_kind = {
        kind: {wanted: printing.file(built, kind, wanted) for wanted in get_args(printing.Format)}
        for kind in (Kind.LABELS, Kind.STATEMENT, Kind.LIST)
    }
    for row in built.exhibits:
        [print_] = [file.sha256 for file in row.files]
        for kind, files in by_kind.items():
            told = text_of(files["pdf"])
            assert squeezed(row.mark) in told
            assert print_ in told
            assert squeezed(row.description) in told
            assert squeezed(row.producer) in told
            assert squeezed(row.recorded) in told
            [line] = [one for one in rows_of(files["csv"]) if one["Mark"] == row.mark]
            cells = " ".join(line.values())
            assert print_ in cells
            assert row.description.rstrip(".") in cells, kind
            assert row.producer in cells
            assert row.recorded in cells
    # Every hash that any paper prints is of a file or of its original: none is cut or mistyped.
    known = {file.sha256 for row in built.exhibits for file in row.files}
    known |= set(Clip.objects.values_list("parent_sha256", flat=True))
    for files in by_kind.values():
        printed = set(re.findall(r"[0-9a-f]{64}", files["csv"].decode()))
        assert printed
        assert printed <= known


def test_the_paragraph_says_who_what_when_and_how_in_the_first_person(
    marlow: User, case: Case, footage: list[Recording]
) -> None:
    whole, clip, seen = (row.paragraph for row in papers.build(by=marlow, case=case).exhibits)
    camera = "I recorded film with body-worn camera BWC-1."
    assert whole.startswith(f"I am PC 4127 Aisha Shah. {camera}")
    assert (
        "22 Nov 2026 22:14:23 GMT, within 2 s (the camera's clock said 22 Nov 2026 22:14:07 GMT)"
        in whole
    )
    assert "I produce this as exhibit AS/1: The arrest in Villiers Street." in whole
    assert footage[0].originals.get().sha256 in whole
    assert "From it I had a clip made of 00:00:02.000 to 00:00:04.000, 51 frames." in clip
    assert "frames 51 to 101, by ffmpeg version 5.1.9" in clip
    assert footage[0].originals.get().sha256 in clip  # its parent
    # Who did not record it doesn't say so.
    assert "I am DC 301 Jo Marlow. I saw in the evidence system a film recorded by PC 4127" in seen
    assert "I recorded" not in seen


def test_a_clock_that_was_not_checked_is_said_to_be_so(
    marlow: User, case: Case, footage: list[Recording]
) -> None:
    Recording.objects.update(clock_offset=None, clock_within=None)
    [row, *_] = papers.build(by=marlow, case=case).exhibits
    assert row.recorded == "22 Nov 2026 22:14:07 GMT by the camera's clock, which was not checked"


def test_nothing_that_somebody_typed_is_a_formula(
    marlow: User, case: Case, footage: list[Recording]
) -> None:
    lines = rows_of(make(marlow, case, Kind.LIST, "csv"))
    assert lines[1]["Description"] == '\'=HYPERLINK("x") of the van'
    for line in lines:
        assert not any(cell.startswith(("=", "+", "-", "@", "\t")) for cell in line.values())


def test_sensitive_and_other_material_never_stand_on_one_paper(
    marlow: User, case: Case, footage: list[Recording]
) -> None:
    decide(marlow, case, footage[1], used=True, description="used")
    decide(marlow, case, footage[2], description="Nothing of note")
    decide(marlow, case, footage[3], sensitive=True, description="An informer's door")
    decide(marlow, case, footage[4], relevant="no")
    for wanted in get_args(printing.Format):
        open_ = make(marlow, case, Kind.UNUSED, wanted)
        closed = make(marlow, case, Kind.SENSITIVE, wanted)
        told, secret = (
            (squeezed(one.decode()) if wanted == "csv" else text_of(one)) for one in (open_, closed)
        )
        assert footage[2].reference in told
        assert squeezed("Nothing of note") in told
        assert footage[3].reference in secret
        for other in (footage[1], footage[3], footage[4]):
            assert other.reference not in told
        for other in (footage[1], footage[2], footage[4]):
            assert other.reference not in secret
        assert "informer" not in told
    [line] = rows_of(make(marlow, case, Kind.UNUSED, "csv"))
    assert (line["Item"], line["Location"]) == ("1", f"Evidence system, {footage[2].reference}")
    assert line["Reviewed by"].startswith("DC 301 Marlow, ")


def test_what_nobody_decided_stands_on_no_schedule(
    marlow: User, case: Case, footage: list[Recording]
) -> None:
    built = papers.build(by=marlow, case=case)
    assert (built.unused, built.sensitive) == ([], [])
    assert "Nothingisonthisschedule." in text_of(printing.file(built, Kind.UNUSED, "pdf"))


@pytest.mark.parametrize(
    ("state", "words"), [("making", "still being made"), ("failed", "could not")]
)
def test_no_paper_leaves_out_a_fingerprint(
    marlow: User, case: Case, footage: list[Recording], state: str, words: str
) -> None:
    Clip.objects.filter(exhibit__mark="AS/2").update(state=state, sha256="")
    with pytest.raises(NoPapers, match=words):
        papers.build(by=marlow, case=case)


def test_who_cannot_see_all_of_a_case_makes_no_papers_of_it(
    marlow: User, case: Case, footage: list[Recording]
) -> None:
    Recording.objects.filter(pk=footage[3].pk).update(restricted="covert")
    with pytest.raises(NoPapers, match="that you can't see"):
        papers.build(by=marlow, case=case)


def test_withdrawn_exhibits_stand_on_no_paper(
    marlow: User, case: Case, footage: list[Recording]
) -> None:
    from evidence.exhibits import actions
    from evidence.exhibits.models import Exhibit

    actions.withdraw(by=marlow, exhibit=Exhibit.objects.get(mark="AS/2"), reason="Wrong van")
    assert [row.mark for row in papers.build(by=marlow, case=case).exhibits] == ["AS/1", "JM/1"]


def test_papers_are_the_teams_and_their_making_is_an_event(
    marlow: User, shah: User, okoro: User, case: Case, footage: list[Recording]
) -> None:
    casting.member(case, shah, "investigator", marlow)
    for who in (shah, okoro):  # an officer of the team may produce, not make papers
        with pytest.raises(Case.DoesNotExist):
            make(who, case, Kind.LIST, "pdf")
    body = make(marlow, case, Kind.LIST, "pdf")
    sequencer.run()
    [told] = Event.objects.filter(type="case.papers_made")
    data = told.parsed()["data"]
    assert told.object_ref == f"case-{case.pk}"
    assert data["sha256"] == hashlib.sha256(body).hexdigest()
    assert (data["kind"], data["format"], data["size"]) == ("mg12", "pdf", len(body))


def test_a_case_of_fifty_takes_as_many_queries_as_one_of_five(
    marlow: User, shah: User, case: Case, footage: list[Recording]
) -> None:
    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            papers.build(by=marlow, case=case)
        return len(queries)

    few = count()
    for number in range(3, 40):
        it = factories.recording(shah)
        casting.exhibit(case, it, shah, f"AS/{number}")
        decide(marlow, case, it, description="x y z")
    assert count() == few


# --- decisions ---
def test_a_decision_is_a_row_and_the_newest_counts(
    marlow: User, case: Case, footage: list[Recording]
) -> None:
    it = footage[2]
    first = decide(marlow, case, it)
    assert decide(marlow, case, it) == first  # the same again says nothing new
    second = decide(marlow, case, it, used=True, reason="The defence asks for it")
    one = disclosure.item(marlow, case, it.reference)
    assert one.decision == second
    assert one.words == "Relevant, used"
    assert disclosure.history(one, case) == [second, first]
    sequencer.run()
    told = Event.objects.filter(type="disclosure.decided")
    assert told.count() == 2
    assert "relevant" not in str(told[0].parsed()["data"]).lower()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"reason": " "}, "reason"), ({"relevant": "maybe"}, "relevant"),
        ({"relevant": "no", "used": True}, "used"), ({"description": ""}, "description"),
    ],
)  # fmt: skip
def test_a_decision_has_its_reason_and_makes_sense(
    marlow: User, case: Case, footage: list[Recording], wrong: dict[str, Any], field: str
) -> None:
    with pytest.raises(NotDecided) as caught:
        decide(marlow, case, footage[2], **wrong)
    assert caught.value.field == field
    assert not Decision.objects.exists()


def test_who_is_not_of_the_case_decides_nothing(
    shah: User, marlow: User, okoro: User, case: Case, footage: list[Recording]
) -> None:
    casting.member(case, shah, "investigator", marlow)
    for who in (shah, okoro):
        with pytest.raises(Case.DoesNotExist):
            decide(who, case, footage[2])
    lone = factories.recording(okoro)
    with pytest.raises(Recording.DoesNotExist):
        decide(marlow, case, lone)  # not of this case


def test_what_may_not_be_disclosed_says_who_marked_it_and_when(
    marlow: User, case: Case, footage: list[Recording]
) -> None:
    it = footage[0]
    assert disclosure.may_disclose(case, it).yes
    decide(marlow, case, it, withheld=True)
    told = disclosure.may_disclose(case, it)
    assert not told.yes
    assert re.fullmatch(r"Marked do not disclose by DC 301 Marlow on \d+ \w+\.", told.why)
    decide(marlow, case, it, reason="The judge ordered it")
    assert disclosure.may_disclose(case, it).yes


def test_a_part_that_is_sensitive_keeps_the_whole_back(
    marlow: User, case: Case, footage: list[Recording]
) -> None:
    from evidence.exhibits.models import Exhibit

    it = footage[0]
    whole, clip = Exhibit.objects.filter(recording=it).order_by("mark")
    disclosure.decide(by=marlow, case=case, key=clip.reference, said=said(sensitive=True))
    assert not disclosure.may_disclose(case, it).yes
    assert not disclosure.may_disclose(case, it, clip).yes
    assert disclosure.may_disclose(case, it, whole).yes
