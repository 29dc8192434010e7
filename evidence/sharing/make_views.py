"""The pages on which somebody makes a share: what and for whom, check, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from evidence.cases import access as cases
from evidence.cases.access import of_team
from evidence.cases.models import Case
from evidence.exhibits.models import Exhibit
from evidence.people import fresh
from evidence.people.models import User
from evidence.people.requests import address, person
from evidence.people.table import Scope
from evidence.recordings.access import find as find_recording
from evidence.recordings.access import visible_to
from evidence.recordings.models import Recording
from evidence.recordings.refusals import refuse
from evidence.sharing import choosing, making, wishes
from evidence.sharing.choosing import Choices
from evidence.sharing.make_form import Form, contacts, entry
from evidence.sharing.making import Plan
from evidence.sharing.models import Basis, Share
from evidence.sharing.outside_page import card
from evidence.sharing.standing import Standing
from evidence.sharing.wishes import AlreadyMade, Made, NotShared

GONE = (
    "Something that you selected is not there for you any more: it was restricted or taken off "
    "the case. Look through the list again."
)
MOST_CASES = 20


@dataclass(frozen=True)
class Place:
    """Where somebody shares from: a case, or one recording without a case."""

    case: Case | None
    recording: Recording | None
    # The thing from whose page they came.
    chosen: str = ""

    @property
    def query(self) -> str:
        """The page's own part of an address."""
        if self.case is not None:
            return f"case={self.case.slug}"
        return f"recording={self.recording.reference}" if self.recording else ""

    @property
    def back(self) -> str:
        """Where they came from."""
        thing = self.case or self.recording
        return thing.get_absolute_url() if thing else ""

    def choices(self, by: User) -> Choices:
        """What can be shared from here."""
        if self.case is not None:
            return choosing.of_case(by, self.case)
        assert self.recording is not None
        return choosing.of_recording(by, self.recording)


def _place(request: HttpRequest) -> Place | None:
    """Where an address begins; None where it names nothing. Raises Http404."""
    user, asked = person(request), request.GET
    urn = asked.get("case", "").replace("\0", "")[:60]
    exhibit = asked.get("exhibit", "").replace("\0", "")[:12].upper()
    reference = asked.get("recording", "").replace("\0", "")[:12].upper()
    try:
        if exhibit:
            found = Exhibit.objects.select_related("case").filter(
                reference=exhibit, recording__in=visible_to(user).values("pk")
            ).get()  # fmt: skip
            return Place(cases.find(user, found.case.urn, "share.make"), None, found.reference)
        recording = find_recording(user, reference) if reference else None
        if urn:
            case = cases.find(user, urn, "share.make")
            return Place(case, None, recording.reference if recording else "")
        if recording is None:
            return None
        if user.scope("share.make") is not Scope.ALL:
            raise Recording.DoesNotExist
        return Place(None, recording, recording.reference)
    except (Case.DoesNotExist, Exhibit.DoesNotExist, Recording.DoesNotExist):
        refuse(request, urn or exhibit or reference)


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Make a share. GET the form; POST checks it, shows it once more, and on `send` makes it."""
    user = person(request)
    if not user.may("share.make"):
        raise Http404
    place = _place(request)
    if place is None:
        return _where(request, user)
    choices = place.choices(user)
    if request.method != "POST":
        return _form(request, place, choices, Form.empty(place.case, place.chosen))
    form, step = Form.of(request), request.POST.get("do", "check")
    if step == "change":
        return _form(request, place, choices, form)
    wish = form.wish(place.case, choices)
    if wish is None:
        return _form(request, place, choices, form)
    try:
        if step == "send":
            fresh.require(request)
            return _result(request, making.make(by=user, wish=wish, address=address(request)))
        return _check(request, place, form, making.plan(by=user, wish=wish))
    except AlreadyMade as same:
        messages.info(request, "This was sent already. To share more, begin a new one.")
        return redirect(same.share)
    except NotShared as error:
        form.errors[error.field or "things"] = str(error)
    except (Recording.DoesNotExist, Exhibit.DoesNotExist):
        form.errors["things"] = GONE
    except Case.DoesNotExist:
        refuse(request, place.query)
    return _form(request, place, place.choices(user), form)


def _where(request: HttpRequest, user: User) -> HttpResponse:
    """Nothing was named: first choose the case."""
    asked = request.POST.get("urn", "").replace("\0", "").strip()[:60]
    error = ""
    if request.method == "POST":
        try:
            found = cases.find(user, asked, "share.make")
            return redirect(f"{request.path}?case={found.slug}")
        except Case.DoesNotExist:
            error = "There is no such case of yours. Check the URN." if asked else "Enter a URN"
    rows = cases.visible_to(user, "share.make").filter(of_team(user))
    rows = rows.exclude(status=Case.Status.CLOSED).order_by("-pk")
    context = {
        "cases": list(rows[:MOST_CASES]), "typed": asked, "error": error,
        "everything": user.scope("share.make") is Scope.ALL,
    }  # fmt: skip
    return render(request, "sharing/staff/where.html", context, status=422 if error else 200)


def _form(request: HttpRequest, place: Place, choices: Choices, form: Form) -> HttpResponse:
    offered = wishes.offered_until(place.case)
    court = place.case.next_court_date if place.case else None
    days = settings.SHARE_DAYS
    why = f"{days} days from today"
    if court:
        why = f"{days} days after the hearing on {court:%-d %b}"
        if offered < wishes.end_of(court + timedelta(days=days)):
            why = f"{settings.SHARE_MOST_DAYS} days, the most that a share lasts; the hearing on " \
                f"{court:%-d %b} is later or close to it"  # fmt: skip
    context = {
        "place": place, "form": form, "typed": form.typed, "errors": form.errors,
        "error_list": [(_anchor(name), words) for name, words in form.errors.items()],
        "choices": choices, "groups": _groups(choices),
        "why_until": f"{wishes.when(offered)} is offered: {why}",
        "contacts": [(one, entry(one)) for one in contacts()], "hows": Share.How.choices,
        "bases": list(Basis.objects.filter(active=True)), "today": timezone.localdate(),
    }  # fmt: skip
    status = 422 if form.errors else 200
    return render(request, "sharing/staff/new.html", context, status=status)


def _groups(choices: Choices) -> list[tuple[str, str, list[Any]]]:
    """The groups that have something, with what each is."""
    found = [
        ("Exhibits", "What was produced in the case", choices.exhibits),
        ("Recordings", "Whole, as the camera recorded them", choices.recordings),
        ("Papers", "Made now, as the case stands; they don't change later", choices.papers),
    ]
    return [group for group in found if group[2]]


# Where a word of the summary leads.
ANCHORS = {"basis": "basis-1", "how": "how-1", "things": "things", "case": "things"}


def _anchor(name: str) -> str:
    return ANCHORS.get(name, name)


def _check(request: HttpRequest, place: Place, form: Form, plan: Plan) -> HttpResponse:
    """Everything once more, and what the person will see."""
    marks = sum(len(form.marks.get(key, [])) for key in form.things)
    context = {
        "place": place, "form": form, "share": plan.share, "marks": marks,
        "cards": [card(plan.share, Standing(item, True)) for item in plan.items],
        "passphrase": plan.share.how == Share.How.PASSPHRASE, "remember": form.ticks["remember"],
    }  # fmt: skip
    return render(request, "sharing/staff/check.html", context)


def _result(request: HttpRequest, made: Made) -> HttpResponse:
    """On to the share's page; a passphrase is shown here, once."""
    if made.passphrase:
        return passphrase(request, made)
    say(request, made.share)
    return redirect(made.share)


def passphrase(request: HttpRequest, made: Made) -> HttpResponse:
    """The page that shows a passphrase: now and never again."""
    made.share.refresh_from_db()
    context = {"share": made.share, "passphrase": made.passphrase}
    return render(request, "sharing/staff/passphrase.html", context)


def say(request: HttpRequest, share: Share) -> None:
    """What became of the link, as a message of the next page."""
    share.refresh_from_db()
    if share.state() == "waiting":
        messages.info(
            request,
            "Something of it is restricted: a second person has to approve this. The link is sent "
            "when they have.",
        )
    elif share.sent_at is None:
        messages.error(
            request,
            f"The link to {share.email} has not gone out yet. If this page still says so in a "
            "minute, send the link again.",
        )
    else:
        messages.success(request, f"Link sent to {share.email}. Ends {wishes.when(share.until)}.")
