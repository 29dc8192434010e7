"""What the demonstration's back office has to show: a case, its share, a complaint, a sample.

All of it through the actions, as the people of the force would do it; once.
"""

from __future__ import annotations

import time
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from evidence.cases import actions as cases
from evidence.cases.models import Case, CaseMember
from evidence.complaints import actions as complaints
from evidence.complaints.models import Allegation, Category, Complaint
from evidence.exhibits import actions as exhibits
from evidence.exhibits.models import Clip, Exhibit
from evidence.exhibits.ranges import NotCut
from evidence.people.models import Unit, User
from evidence.recordings.models import Recording
from evidence.sampling.actions import plans
from evidence.sampling.models import Kind, Plan
from evidence.sharing import making as sharing
from evidence.sharing import wishes
from evidence.sharing.models import Basis, Domain, Share

URN, REFERENCE = "01AB/12345/26", "PC/1204/26"
PROSECUTOR = "j.marlow@cps.example"
# How long the clip waits for the table of frames, which is made with the viewing copy, and the
# share for the clip: seconds.
PATIENCE = 60


def tell() -> str:
    """Make what is not there yet; in words, what there is."""
    people = {person.username: person for person in User.objects.all()}
    footage = list(Recording.objects.filter(joined_into=None).order_by("happened_at")[:3])
    if not Case.objects.exists() and footage:
        _case(people, footage)
    if not Complaint.objects.exists() and footage:
        _complaint(people, footage)
    if not Plan.objects.exists():
        _sample(people)
    case = Case.objects.filter(urn=URN).first()
    if case is not None and not Share.objects.exists():
        _share(people["cole"], case)
    said = f"Case {URN} and complaint {REFERENCE} are there to look at."
    share = Share.objects.filter(email=PROSECUTOR).first()
    if share is not None:
        said += (
            f"\nEvidence of the case is shared with {share.recipient}, {share.organisation} "
            f"({share.reference}). Their link and codes: {settings.PUBLIC_URL}/mail/"
        )
    return said


def _case(people: dict[str, User], footage: list[Recording]) -> None:
    cole, marsh = people["cole"], people["marsh"]
    today = timezone.localdate()
    case = cases.save(
        by=cole, changed=[],
        case=Case(
            urn=URN, title="R v Carter", offence="Assault by beating, s.39 CJA 1988",
            crime_reference="01AB/4471/26", officer_in_case=cole, status=Case.Status.CHARGED,
        ),
    )  # fmt: skip
    cases.add_court_date(
        by=cole, case=case, on=today + timedelta(days=20),
        court="Westminster Magistrates' Court", what="First hearing",
    )  # fmt: skip
    cases.add_member(
        by=cole, case=case, person=marsh, part=CaseMember.Part.DISCLOSURE,
        reason="Disclosure officer of the command",
    )  # fmt: skip
    references = [item.reference for item in footage]
    cases.link_many(by=cole, case=case, references=references, reason="Arrest of Carter")
    first = footage[0].reference
    for what, cut in (("The approach and the arrest", None), ("The arrest alone", (2000, 6000))):
        _produce(cole, case, first, what, cut)


def _produce(
    by: User, case: Case, reference: str, what: str, cut: tuple[int, int] | None
) -> None:  # fmt: skip
    recording = Recording.objects.get(reference=reference)
    until = time.monotonic() + PATIENCE
    while True:
        mark = exhibits.next_mark(case, recording, by, clip=cut is not None)
        try:
            exhibits.produce(
                by=by, case=case, reference=reference,
                wish=exhibits.Wish(mark=mark, description=what, range=cut),
            )  # fmt: skip
        except NotCut:
            if time.monotonic() > until:  # the case can be looked at without the clip
                return
            time.sleep(1)
        else:
            return


def _share(by: User, case: Case) -> None:
    """The clip, when it is made, and the recording that it is of, with downloads."""
    rows = Exhibit.objects.filter(case=case, withdrawn_at=None).select_related("clip", "recording")
    until = time.monotonic() + PATIENCE
    ready = rows.filter(clip__state=Clip.State.READY)
    while (clip := ready.first()) is None and time.monotonic() < until:
        time.sleep(1)
    whole = rows.filter(clip=None).first()
    things = []
    if clip is not None:
        things.append(wishes.Thing(exhibit=clip))
    if whole is not None:
        things.append(wishes.Thing(recording=whole.recording, title="The whole of it"))
    if not things:
        return
    Domain.objects.get_or_create(
        name="cps.example", defaults={"organisation": "Crown Prosecution Service (demonstration)"}
    )
    sharing.make(
        by=by,
        wish=wishes.Wish(
            recipient="J Marlow", organisation="CPS London", email=PROSECUTOR,
            purpose="Charging decision", basis=Basis.objects.get(code="charging"), case=case,
            until=wishes.offered_until(case), things=things, downloads=True, remember=True,
            words="An arrest after an assault in Villiers Street, filmed by one officer.",
        ),
    )  # fmt: skip


def _complaint(people: dict[str, User], footage: list[Recording]) -> None:
    lane, shah = people["lane"], people["shah"]
    now = timezone.now()
    complaint, _ = complaints.record_complaint(
        by=lane, officers=[shah],
        complaint=Complaint(
            reference=REFERENCE, received=timezone.localdate(),
            source=Complaint.Source.LETTER, complainant="Jordan Ellis",
            contact="14 Mill Lane, London NW6", place="Villiers Street, London WC2",
            account="The officer pushed me against the wall and told me to shut up.",
            start=min(item.happened_at for item in footage) - timedelta(minutes=30),
            end=min(now, max(item.happened_at for item in footage) + timedelta(minutes=30)),
        ),
    )  # fmt: skip
    for code, words in (("B4", "He pushed me against the wall"), ("H1", "He told me to shut up")):
        complaint.refresh_from_db()
        category = Category.objects.filter(code=code, active=True).first()
        if category and not Allegation.objects.filter(complaint=complaint, words=words).exists():
            complaints.allege(
                by=lane, complaint=complaint, version=complaint.version, category=category,
                words=words, officers=[shah],
            )  # fmt: skip


def _sample(people: dict[str, User]) -> None:
    start = (timezone.localdate().replace(day=1) + timedelta(days=32)).replace(day=1)
    end = (start + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    kinds = [
        {"code": kind.code, "name": kind.name, "categories": kind.categories,
         "incidents": kind.incidents}
        for kind in Kind.objects.all()
    ]  # fmt: skip
    plans.commit(
        by=people["lane"],
        wish=plans.Wish(
            title=f"Stop and search, use of force: {start:%B %Y}", start=start, end=end,
            units=list(Unit.objects.filter(name="Westminster")), kinds=kinds, each=3,
        ),
    )  # fmt: skip
