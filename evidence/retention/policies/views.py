"""The pages of rules: each category's in words, its versions, proposing and deciding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from evidence.people.gate import those_who
from evidence.people.models import User
from evidence.people.requests import person
from evidence.recordings import rules
from evidence.recordings.models import Category, Group, Rule
from evidence.retention.policies import actions, forms
from evidence.retention.policies.actions import NotSaid
from evidence.retention.policies.effect import KINDS, Effect, effect, examples

BOTH = ["GET", "HEAD", "POST"]
# Footage of which nobody has said what it is.
NONE = "none"
TITLES = {
    "longer": "Kept longer", "shorter": "Kept shorter",
    "due": "Due at once, as nothing else is known to keep it",
}  # fmt: skip


@dataclass(frozen=True)
class Said:
    """A version in words, for a list and for its page."""

    rule: Rule
    long: str
    name: str
    code: str
    unused: bool = False

    @property
    def release(self) -> str:
        """Who lets go of it."""
        if self.rule.release == Rule.Release.RULE:
            return "Goes by this rule, with no further decision"
        return "Goes when two people agree"


def said(rule: Rule) -> Said:
    """As the pages say it."""
    words = rules.long(rule)
    words = f"By its case; without a case {words}" if rule.by_case else f"Kept {words}"
    category = rule.category
    if category is None:
        return Said(rule, words, "Without a category", NONE)
    return Said(rule, words, category.name, category.code, not category.active)


def _category(code: str) -> Category | None:
    """The category of an address; None for footage without one. Raises Http404."""
    if code == NONE:
        return None
    found = Category.objects.filter(code=code).first()
    if found is None:
        raise Http404
    return found


@require_safe
@those_who("retention.view")
def every(request: HttpRequest) -> HttpResponse:
    """Every category with the rule for what comes now; what waits for a second person first."""
    rows = Rule.objects.exclude(state=Rule.State.REFUSED).select_related(
        "category", "group", "proposed_by", "held_proposed_by"
    )
    newest: dict[int | None, Rule] = {}
    waiting = []
    for row in sorted(rows, key=lambda row: -row.version):
        if row.state == Rule.State.PROPOSED:
            waiting.append((said(row), row.proposed_by, False))
            continue
        if row.held_proposed_at is not None and row.held_from is None:
            waiting.append((said(row), row.held_proposed_by, True))
        newest.setdefault(row.category_id, row)
    found = [said(newest[None])] if None in newest else []
    without = []
    for category in Category.objects.all():
        if category.pk in newest:
            found.append(said(newest[category.pk]))
        else:
            without.append(category)
    context = {"rows": found, "waiting": waiting, "without": without}
    return render(request, "retention/rules/every.html", context)


def _context(by: User, code: str) -> dict[str, Any]:
    category = _category(code)
    rows = list(
        Rule.objects.filter(category=category)
        .select_related("category", "group", "proposed_by", "decided_by", "held_proposed_by",
                        "held_decided_by")
        .order_by("-version")
    )  # fmt: skip
    now = next((row for row in rows if row.state == Rule.State.IN_FORCE), None)
    proposed = next((row for row in rows if row.state == Rule.State.PROPOSED), None)
    older = any(row.state == Rule.State.IN_FORCE and row is not now for row in rows)
    waits = now is not None and now.held_proposed_at is not None and now.held_from is None
    return {
        "code": code, "name": category.name if category else "Without a category",
        "unused": category is not None and not category.active,
        "now": said(now) if now else None, "proposed": said(proposed) if proposed else None,
        "versions": [said(row) for row in rows], "held_waits": waits,
        # Only where something held is under a version before it.
        "may_hold": now is not None and older and now.held_from is None,
        "may_propose": by.may("retention.rules"),
        "may_decide": by.may("retention.approve"),
        "mine": proposed is not None and proposed.proposed_by_id == by.pk,
        "held_mine": waits and now is not None and now.held_proposed_by_id == by.pk,
    }  # fmt: skip


@require_safe
@those_who("retention.view")
def one(request: HttpRequest, code: str) -> HttpResponse:
    """A category's rule in words, and every version behind it."""
    return render(request, "retention/rules/one.html", _context(person(request), code))


@require_http_methods(BOTH)
@those_who("retention.rules", proved=True)
def propose(request: HttpRequest, code: str) -> HttpResponse:
    """Another version: what it says, the law behind it, and why."""
    category = _category(code)
    now = actions.in_force(category)
    given, error, field = forms.started(now), "", ""
    if request.method == "POST":
        given = forms.typed(request.POST)
        try:
            wish = forms.wish(given)
            actions.propose(by=person(request), category=category, wish=wish)
        except NotSaid as refused:
            error, field = str(refused), refused.field
        else:
            messages.success(request, "Proposed. It is in force when somebody else has agreed.")
            return redirect("rule", code)
    context = _context(person(request), code) | {
        "typed": given, "error": error, "field": field, "groups": Group.objects.all(),
        "releases": Rule.Release.choices,
    }  # fmt: skip
    return render(request, "retention/rules/propose.html", context, status=422 if error else 200)


@require_http_methods(BOTH)
@those_who("retention.approve", proved=True)
def decide(request: HttpRequest, code: str) -> HttpResponse:
    """The proposal beside what is in force; agree or refuse, with a reason."""
    row = actions.open_proposal(_category(code))
    if row is None:
        raise Http404
    error, by = "", person(request)
    if request.method == "POST":
        act = actions.approve if request.POST.get("do") == "approve" else actions.refuse
        try:
            act(by=by, rule=row, reason=request.POST.get("reason", ""))
        except NotSaid as refused:
            error = str(refused)
        else:
            words = "In force from now on, for what is sealed from now on."
            messages.success(request, words if act is actions.approve else "Refused.")
            return redirect("rule", code)
    context = _context(by, code) | {"error": error, "reason": request.POST.get("reason", "")}
    return render(request, "retention/rules/decide.html", context, status=422 if error else 200)


@dataclass(frozen=True)
class Line:
    """One number of an effect, now and as it was shown when it was proposed."""

    kind: str
    title: str
    count: int
    size: int
    count_shown: int | None
    size_shown: int | None
    grown: bool
    examples: list[Any]


def _lines(found: Effect, shown: dict[str, Any] | None, of: dict[str, Any]) -> list[Line]:
    now, grown = found.numbers(), set(found.grown(shown)) if shown is not None else set()
    lines = []
    for kind in KINDS:
        size = f"{kind}_bytes"
        count_shown = None if shown is None else shown.get(kind, 0)
        size_shown = None if shown is None else shown.get(size, 0)
        changed = bool(grown & {kind, size})
        lines.append(
            Line(kind, TITLES[kind], now[kind], now[size], count_shown, size_shown, changed,
                 of[kind])
        )  # fmt: skip
    return lines


@require_http_methods(BOTH)
@those_who("retention.rules", proved=True)
def propose_held(request: HttpRequest, code: str) -> HttpResponse:
    """What the version in force would do to what is held: shown, then proposed with a reason."""
    by, row = person(request), actions.in_force(_category(code))
    if row is None or actions.for_all(row):
        raise Http404
    error = ""
    if request.method == "POST":
        try:
            actions.propose_held(by=by, rule=row, reason=request.POST.get("reason", ""))
        except NotSaid as refused:
            error = str(refused)
        else:
            messages.success(request, "Proposed. Nothing changes until somebody else has agreed.")
            return redirect("rule", code)
    return _held(request, code, row, error, deciding=False)


@require_http_methods(BOTH)
@those_who("retention.approve", proved=True)
def decide_held(request: HttpRequest, code: str) -> HttpResponse:
    """The numbers as they are now beside those that were shown; agree or refuse."""
    by, row = person(request), actions.in_force(_category(code))
    if row is None or row.held_proposed_at is None or row.held_from is not None:
        raise Http404
    error = ""
    if request.method == "POST":
        act = actions.approve_held if request.POST.get("do") == "approve" else actions.refuse_held
        try:
            act(by=by, rule=row, reason=request.POST.get("reason", ""))
        except (NotSaid, actions.Grown) as refused:
            error = str(refused)
            row.refresh_from_db()
        else:
            words = "Agreed. Workers settle it now, a batch at a time."
            messages.success(request, words if act is actions.approve_held else "Refused.")
            return redirect("rule", code)
    return _held(request, code, row, error, deciding=True)


def _held(
    request: HttpRequest, code: str, row: Rule, error: str, *, deciding: bool
) -> HttpResponse:
    by, old = person(request), actions.before(row)
    found = effect(row, old)
    shown = row.held_shown if deciding else None
    context = _context(by, code) | {
        "effect": found, "lines": _lines(found, shown, examples(row, old, by)),
        "before": said(old) if old else None, "deciding": deciding, "error": error,
        "reason": request.POST.get("reason", ""), "rule": row,
    }  # fmt: skip
    return render(request, "retention/rules/held.html", context, status=422 if error else 200)
