"""The page on which somebody sets a range and produces an exhibit. It works without script."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from evidence.cases import access as cases
from evidence.cases.models import Case, CaseLink
from evidence.exhibits import actions, cover_forms, links, ranges
from evidence.exhibits.actions import MarkTaken, NotProduced, Wish
from evidence.exhibits.cover_forms import Typing
from evidence.exhibits.covers import NotCovered, Redacting
from evidence.exhibits.ranges import NotCut
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.people.requests import address, person
from evidence.recordings import actions as looking
from evidence.recordings import pages, player_data, reasons
from evidence.recordings.markers import NotMarked, position
from evidence.recordings.models import Recording
from evidence.recordings.refusals import or_404, refuse

MOST_CASES = 20
FIELDS = ("what", "from", "to", "case", "mark", "description", "producer", "reason", "link_reason")


@dataclass
class Form:
    """What was typed, as it was typed, and what is wrong with it."""

    typed: dict[str, str]
    sound: bool = True
    hides: Typing = field(default_factory=lambda: Typing([], []))
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, request: HttpRequest) -> Form:
        """From what was posted."""
        post = request.POST
        typed = {name: post.get(name, "").replace("\0", "")[:400] for name in FIELDS}
        return cls(typed, sound=post.get("sound") == "on", hides=Typing.of(post))

    def get(self, name: str) -> str:
        """One field without blanks around."""
        return self.typed.get(name, "").strip()

    def redacting(self) -> Redacting | None:
        """What a redacted copy covers; nothing for others. Raises NotCovered."""
        if self.get("what") == "redacted":
            return self.hides.redacting()
        if self.hides.any:
            raise NotCovered(
                "Parts are to be covered or silenced: select A redacted copy, or take them out of "
                "the list. Neither a clip nor the original is covered.", "what-redacted",
            )  # fmt: skip
        return None

    def range(self, recording: Recording) -> tuple[int, int] | None:
        """The range, or nothing for the whole. Raises NotCut."""
        what = self.get("what")
        if what not in ("clip", "redacted"):
            return None
        typed = self.get("from"), self.get("to")
        if what == "redacted" and not all(typed):
            typed = cover_forms.range_of(*typed, ranges.whole(recording))
        ends = []
        for name, value in zip(("from", "to"), typed, strict=True):
            try:
                ends.append(position(value[:40]))
            except NotMarked as error:
                raise NotCut(str(error), name) from None
        return ends[0], ends[1]


@login_required
@require_http_methods(["GET", "POST"])
def produce(request: HttpRequest, reference: str) -> HttpResponse:
    """Clip or produce one recording."""
    user = person(request)
    found = or_404(request, reference)
    if not user.may("exhibit.produce"):
        refuse(request, reference)
    why = reasons.given(request, found)
    if why is None:
        return reasons.ask(request, found)
    if found.reference != reference:
        return redirect("exhibit-produce", reference=found.reference)
    form = Form.of(request) if request.method == "POST" else _empty(request, user, found)
    if request.method == "POST" and not request.POST.get("more"):
        try:
            return _produced(request, user, found, form)
        except (Case.DoesNotExist, Recording.DoesNotExist, NotAllowed):
            refuse(request, reference)
        except (NotProduced, NotCut, NotCovered) as error:
            form.errors[error.field] = str(error)
            if isinstance(error, MarkTaken):
                form.typed["mark"] = error.free
    looking.view(by=user, reference=found.reference, address=address(request), reason=why)
    context = _page(request, user, found, form)
    return render(request, "exhibits/produce.html", context, status=422 if form.errors else 200)


def _produced(request: HttpRequest, user: User, recording: Recording, form: Form) -> HttpResponse:
    """Do what was asked for; on to the exhibit."""
    case = _case(user, form.get("case"))
    producer = _colleague(form.get("producer"))
    wanted, redacting = form.range(recording), form.redacting()
    mark = form.get("mark") or actions.next_mark(
        case, recording, producer or user, clip=wanted is not None
    )
    wish = Wish(
        mark, form.get("description"), wanted, form.sound, redacting, producer,
        form.get("reason"), form.get("link_reason"),
    )  # fmt: skip
    made = actions.produce(by=user, case=case, reference=recording.reference, wish=wish)
    messages.success(request, f"Produced as {made.mark}.")
    return redirect(links.address(made))


def _case(user: User, typed: str) -> Case:
    """The case that was typed. What is not there and what is not theirs are answered alike."""
    if not typed:
        raise NotProduced("Enter the URN of the case", "case")
    try:
        return cases.find(user, typed, "exhibit.produce")
    except Case.DoesNotExist:
        raise NotProduced("There is no such case of yours. Check the URN.", "case") from None


def _colleague(collar: str) -> User | None:
    if not collar:
        return None
    found = User.objects.filter(collar__iexact=collar[:20]).first()
    if found is None:
        raise NotProduced("Nobody has this collar number. Check it.", "producer")
    return found


def _empty(request: HttpRequest, user: User, recording: Recording) -> Form:
    """The page as it opens: the case by the address, or the only one; the next free mark."""
    typed = dict.fromkeys(FIELDS, "")
    asked = request.GET.get("case", "").replace("\0", "")[:60]
    ours = _cases(user, recording)
    if not asked and len(ours) == 1:
        asked = ours[0].urn
    wanted = request.GET.get("from", ""), request.GET.get("to", "")
    playable = bool(player_data.originals_of(recording).filter(renditions__kind="proxy").exists())
    typed |= {
        "what": "clip" if playable else "whole", "from": wanted[0].replace("\0", "")[:20],
        "to": wanted[1].replace("\0", "")[:20],
    }  # fmt: skip
    try:
        case = cases.find(user, asked, "exhibit.produce") if asked else None
    except Case.DoesNotExist:
        case = None
    if case is not None:
        typed["case"] = case.urn
        typed["mark"] = actions.next_mark(case, recording, user, clip=playable)
    return Form(typed)


def _cases(user: User, recording: Recording) -> list[Case]:
    """The cases of this footage in which somebody may produce it."""
    linked = CaseLink.objects.filter(recording=recording, unlinked_at=None).values("case")
    return list(cases.visible_to(user, "exhibit.produce").filter(pk__in=linked)[:MOST_CASES])


def _page(request: HttpRequest, user: User, recording: Recording, form: Form) -> dict[str, Any]:
    look = player_data.opened(user.ref, recording)
    ours = _cases(user, recording)
    return {
        "recording": recording, "form": form, "typed": form.typed, "errors": form.errors,
        "error_list": [(name, words) for name, words in form.errors.items()],
        "player": player_data.player(recording, look=look),
        "still": pages.rows([recording], by=user, address=address(request))[0].still,
        "cases": ours, "linked": form.get("case") in {case.urn for case in ours},
        "may_link": user.may("case.change"), "me": user,
    } | cover_forms.page(form.hides, form.errors, request.POST.get("more", ""))  # fmt: skip
