"""Saying what footage is: one tap in a row, a page for one or many, and taking it back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.people.requests import address, person
from evidence.people.table import Scope
from evidence.recordings import actions, notices, pages, said, worklist
from evidence.recordings.access import visible_to
from evidence.recordings.footage_views import row_context, window_of
from evidence.recordings.models import Category, IncidentType, Recording
from evidence.recordings.references import is_reference
from evidence.recordings.refusals import or_404, refuse, write
from evidence.recordings.said import LEAVE, Leave

MOST = 200
ALWAYS = {"csrfmiddlewaretoken", "back"}
SAYING = {"category", "incident", "crime_reference", "note"}
ROW = ALWAYS | SAYING | {"token", "part"}
MANY = ALWAYS | SAYING | {"pick", "group", "have"}


@dataclass
class Wish:
    """What a form says: values for the action, and what was wrong with them."""

    category: Category | Leave = LEAVE
    incident: IncidentType | Leave | None = LEAVE
    crime_reference: str | Leave = LEAVE
    note: str | Leave = LEAVE
    errors: dict[str, str] = field(default_factory=dict)

    def values(self) -> dict[str, Any]:
        """As the action takes them."""
        return {name: getattr(self, name) for name in SAYING}


def _wish(request: HttpRequest, allowed: set[str], *, category_asked: bool) -> Wish:
    """Read a form. What it does not have stays as it is; what it may not have is an error."""
    given, wish = request.POST, Wish()
    code = given.get("category", "").replace("\0", "")
    if strangers := _strangers(set(given) - allowed):
        names = ", ".join(name[:40] for name in strangers[:5])
        wish.errors["form"] = f"Nothing was changed: this form can't set {names}."
    if category_asked or code:
        chosen = Category.objects.filter(code=code, active=True).first()
        if chosen is None:
            wish.errors["category"] = "Select a category"
        else:
            wish.category = chosen
    if "incident" in given:
        incident = given["incident"].replace("\0", "")
        wish.incident = IncidentType.objects.filter(code=incident, active=True).first()
        if incident and wish.incident is None:
            wish.errors["incident"] = "Select an incident type of the list"
    # Each category of the page has a field of its own; only the chosen one's counts.
    reference = given.get(f"crime_reference_{code}", given.get("crime_reference"))
    if reference is not None:
        try:
            wish.crime_reference = said.crime_reference(reference)
        except ValueError as error:
            wish.errors["crime_reference"] = str(error)
    if "note" in given:
        wish.note = given["note"].replace("\0", "").strip()[: said.LONGEST_NOTE]
    return wish


def _strangers(names: set[str]) -> list[str]:
    """Fields that no form of ours has. Each category has one for its crime reference."""
    own = {name for name in names if name.startswith("crime_reference_")}
    if own:
        codes = Category.objects.filter(active=True).values_list("code", flat=True)
        own &= {f"crime_reference_{code}" for code in codes}
    return sorted(names - own)


def _token(request: HttpRequest) -> UUID | None:
    try:
        return UUID(request.POST.get("token", ""))
    except ValueError:
        return None


# --- one, in its row ---


@login_required
@require_POST
def categorise(request: HttpRequest, reference: str) -> HttpResponse:
    """Say what one recording is, add to it, or undo it; its row or page comes back."""
    user = person(request)
    item = or_404(request, reference, "recording.categorise")
    details = request.POST.get("part") == "details"
    undo = request.POST.get("category") == "undo"
    wish = _wish(request, ROW, category_asked=not (details or undo))
    if undo:
        wish.errors.pop("category", None)
    token = (_token(request) if details else None) or uuid4()
    if not wish.errors:
        try:
            if undo:
                item = actions.restore(by=user, recording=item, token=_token(request))
            else:
                item = actions.categorise(by=user, recording=item, token=token, **wish.values())
        except NotAllowed:
            refuse(request, reference)
        except ValueError as error:
            wish.errors["form"] = str(error)
    if wish.errors:
        return _refused(request, item, wish, details=details)
    if request.headers.get("HX-Request") == "true":
        return _row(request, item, said_now=not undo)
    if undo:
        notices.leave(request, f"Undone for {item.reference}. {_is_now(item)}")
    else:
        words = f"{item.reference} saved as {said.in_words(item)}."
        notices.leave(request, words, token=token, of=[item.reference])
    return redirect(
        notices.way_back(request, "" if _from_list(request) else item.get_absolute_url())
    )


def _is_now(item: Recording) -> str:
    return f"It is {said.in_words(item)}." if item.category else "It needs a category."


def _from_list(request: HttpRequest) -> bool:
    return request.POST.get("back") == "footage"


def _row(
    request: HttpRequest, item: Recording, *, said_now: bool, status: int = 200, **more: Any
) -> HttpResponse:
    """The row as it is now, what is left, and the sentence that a screen reader is told."""
    user, back = person(request), notices.way_back(request)
    row = pages.rows([item], by=user, address=address(request))[0]
    row.undo, row.just_saved = worklist.undos([item], user).get(item.pk), said_now
    others = []
    if said_now and status == 200 and item.crime_reference:
        others = worklist.others_of_outing(item, user)
    window = window_of(user, back)
    left = worklist.in_words(worklist.left(window.recordings(user)))
    context = {
        "row": row, "others_of_outing": len(others), "swapped": True, "left_words": left,
        "spoken": f"{item.reference} saved as {said.in_words(item)}. {left}." if said_now
        else f"Undone for {item.reference}. {left}.",
    } | row_context(user, back) | more  # fmt: skip
    return render(request, "recordings/_row.html", context, status=status)


def _refused(request: HttpRequest, item: Recording, wish: Wish, *, details: bool) -> HttpResponse:
    typed = {name: request.POST[name] for name in SAYING & set(request.POST)}
    if request.headers.get("HX-Request") == "true":
        return _row(
            request, item, said_now=details, status=422, errors=wish.errors, typed=typed, spoken=""
        )
    return _page(request, [item], wish=wish, status=422)


@login_required
@require_POST
def carry(request: HttpRequest, reference: str) -> HttpResponse:
    """Use one recording's crime reference for the others of its outing that have none."""
    user = person(request)
    item = or_404(request, reference, "recording.categorise")
    token, done = uuid4(), Outcome()
    if item.crime_reference:
        for other in worklist.others_of_outing(item, user):
            done.try_to(other.reference, partial(
                actions.categorise, by=user, recording=other,
                crime_reference=item.crime_reference, token=token,
            ))  # fmt: skip
    words = f"{item.crime_reference} is used for {len(done.saved)} more."
    if not done.saved:
        words = "There are no others of this group without a crime reference."
    return _told(request, words, done, token)


# --- one or many, on a page ---


@dataclass
class Outcome:
    """What of many things was done, and why the others were not."""

    saved: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def try_to(self, reference: str, act: Callable[[], Recording]) -> None:
        """Do one of them; the others stand, whatever becomes of it."""
        try:
            act()
        except NotAllowed:
            self.missing(reference)
        except ValueError as error:
            sentence = str(error).rstrip(".")
            self.failed.append(f"{reference}: {sentence}")
        else:
            self.saved.append(reference)

    def missing(self, reference: str) -> None:
        """It is not there for whoever asks."""
        self.failed.append(f"there is nothing at {reference} that you can see")

    @property
    def why_not(self) -> str:
        """1 was not: …; with a space before, or nothing."""
        if not self.failed:
            return ""
        verb = "was" if len(self.failed) == 1 else "were"
        more = f"; and {len(self.failed) - 5} more" if len(self.failed) > 5 else ""
        return f" {len(self.failed)} {verb} not: {'; '.join(self.failed[:5])}{more}."


def _told(request: HttpRequest, words: str, done: Outcome, token: UUID | None) -> HttpResponse:
    """Back to where it was asked for, with what became of it and the way to take it back."""
    kind = "success" if done.saved and not done.failed else "warning"
    notices.leave(request, words + done.why_not, token=token, of=done.saved, kind=kind)
    return redirect(notices.way_back(request))


def picked(values: Iterable[str]) -> list[str]:
    """The references that were chosen, alone or with their group; in order, once each."""
    words = [word.upper() for value in values for word in value.split()]
    return [word for word in dict.fromkeys(words) if is_reference(word)][:MOST]


def _found(user: User, references: list[str]) -> list[Recording]:
    """Those of them that this person may categorise, newest first; one query."""
    return list(
        visible_to(user, "recording.categorise")
        .filter(reference__in=references, kind=Recording.Kind.FOOTAGE)
        .select_related("officer", "category", "incident")
        .order_by("-happened_at", "-id")
    )


@login_required
@require_http_methods(["GET", "POST"])
def many(request: HttpRequest) -> HttpResponse:
    """One recording or many at once: the list first, then what they are."""
    user = person(request)
    if user.scope("recording.categorise") is Scope.NONE:
        raise Http404
    source = request.POST if request.method == "POST" else request.GET
    references = picked([*source.getlist("pick"), *source.getlist("group")])
    found = _found(user, references)
    if not found:
        for reference in references[:1]:
            refuse(request, reference)
        notices.leave(request, "Choose at least one recording first.", kind="warning")
        return redirect(notices.way_back(request))
    if request.method == "GET":
        gone = set(references) - {item.reference for item in found}
        for reference in sorted(gone):
            write(request, reference)
        return _page(request, found, gone=len(gone))
    wish = _wish(request, MANY, category_asked=True)
    have = [item for item in found if item.category is not None]
    if len(found) > 1 and have and request.POST.get("have") not in ("keep", "replace"):
        wish.errors["have"] = "Select whether to keep or replace what is there"
    if wish.errors:
        return _page(request, found, wish=wish, references=references, status=422)
    keep = have if len(found) > 1 and request.POST.get("have") == "keep" else []
    return _save_many(request, user, references, [item.pk for item in keep], wish)


def _save_many(
    request: HttpRequest, user: User, references: list[str], keep: list[int], wish: Wish
) -> HttpResponse:
    token, done = uuid4(), Outcome()
    known = {item.reference: item for item in _found(user, references)}
    # What a field left empty for many must not wipe what single ones have.
    values = {
        name: value for name, value in wish.values().items()
        if len(references) == 1 or value not in ("", None)
    }  # fmt: skip
    for reference in references:
        item = known.get(reference)
        if item is None:
            write(request, reference)
            done.missing(reference)
        elif item.pk not in keep:
            act = partial(actions.categorise, by=user, recording=item, token=token, **values)
            done.try_to(reference, act)
    assert not isinstance(wish.category, Leave)
    what = references[0] if len(done.saved) == len(references) == 1 else str(len(done.saved))
    words = f"{what} saved as {wish.category.name}."
    if keep:
        words += f" {len(keep)} kept what {'it' if len(keep) == 1 else 'they'} had."
    return _told(request, words, done, token)


def _page(
    request: HttpRequest,
    found: list[Recording],
    *,
    wish: Wish | None = None,
    references: list[str] | None = None,
    gone: int = 0,
    status: int = 200,
) -> HttpResponse:
    user = person(request)
    one = found[0] if len(found) == 1 and len(references or [0]) == 1 else None
    errors = wish.errors if wish else {}
    fields = {"category": "category-0", "incident": "incident", "note": "note", "have": "have-0",
              "crime_reference": "crime_reference"}  # fmt: skip
    code = request.POST.get("category", "")
    if f"crime_reference_{code}" in request.POST:
        fields["crime_reference"] = f"crime_reference_{code}"
    context = {
        "rows": pages.rows(found, by=user, address=address(request)),
        "references": references or [item.reference for item in found],
        "one": one,
        "gone": gone,
        "have": sum(item.category is not None for item in found),
        "errors": errors,
        "listed_errors": [(fields.get(name, ""), words) for name, words in errors.items()],
        "typed": request.POST if wish else None,
        "typed_reference": request.POST.get(f"crime_reference_{code}", ""),
        "categories": Category.objects.filter(active=True),
        "incidents": IncidentType.objects.filter(active=True),
        "back": notices.way_back(request),
    }
    return render(request, "recordings/categorise.html", context, status=status)


# --- taking back ---


@login_required
@require_POST
def undo(request: HttpRequest) -> HttpResponse:
    """Take back everything that was said together; what was changed since stays, and is named."""
    user, token, done = person(request), _token(request), Outcome()
    if user.scope("recording.categorise") is Scope.NONE:
        raise Http404
    references = picked(request.POST.getlist("pick"))
    known = {item.reference: item for item in _found(user, references)}
    for reference in references if token else []:
        if item := known.get(reference):
            act = partial(actions.restore, by=user, recording=item, token=token)
            done.try_to(reference, act)
        else:
            write(request, reference)
            done.missing(reference)
    what = done.saved[0] if len(done.saved) == 1 else str(len(done.saved))
    words = f"Undone for {what}." if done.saved else "Nothing was undone."
    return _told(request, words, done, None)
