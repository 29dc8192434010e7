"""What the page that makes a share takes in: as it was typed, and what is wrong with it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time

from django.http import HttpRequest, QueryDict
from django.utils import timezone

from evidence.cases.forms import DATES
from evidence.cases.models import Case
from evidence.sharing import making, wishes
from evidence.sharing.choosing import Choice, Choices
from evidence.sharing.models import Basis, Contact, Share
from evidence.sharing.wishes import NotShared, Thing, Wish

LONGEST = {
    "contact": 400, "recipient": 120, "organisation": 120, "email": 254, "purpose": 200,
    "basis": 30, "words": 1000, "until": 20, "starts": 20, "how": 10, "take": 10,
}  # fmt: skip
TICKS = ("watermark", "remember")
MOST_BOOK = 500
LATEST = date(2999, 1, 1)


def contacts() -> list[Contact]:
    """The address book, as far as it goes into one page."""
    return list(Contact.objects.filter(removed_at=None)[:MOST_BOOK])


def entry(contact: Contact) -> str:
    """How somebody of the address book stands in the field."""
    return f"{contact.name}, {contact.organisation}, {contact.email}"


def a_day(text: str, words: str, field_: str) -> date:
    """A day as a browser or a person writes it. Raises NotShared."""
    for pattern in DATES:
        try:
            found = datetime.strptime(text.strip(), pattern).date()
        except ValueError:
            continue
        if date(2000, 1, 1) < found < LATEST:
            return found
    raise NotShared(f"Enter a real date for {words}", field_)


@dataclass
class Form:
    """One share as it is being made."""

    typed: dict[str, str]
    ticks: dict[str, bool] = field(default_factory=dict)
    things: list[str] = field(default_factory=list)
    titles: dict[str, str] = field(default_factory=dict)
    marks: dict[str, list[int]] = field(default_factory=dict)
    token: str = ""
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def empty(cls, case: Case | None, chosen: str = "") -> Form:
        """As the page opens."""
        until = timezone.localdate(wishes.offered_until(case))
        typed = dict.fromkeys(LONGEST, "") | {
            "until": until.isoformat(), "how": Share.How.CODE.value, "take": "view",
        }  # fmt: skip
        return cls(typed, dict.fromkeys(TICKS, False), [chosen] if chosen else [],
                   token=str(uuid.uuid4()))  # fmt: skip

    @classmethod
    def of(cls, request: HttpRequest) -> Form:
        """From what was posted."""
        post = request.POST
        typed = {
            name: post.get(name, "").replace("\0", "")[:most] for name, most in LONGEST.items()
        }
        things = [one.replace("\0", "")[:20] for one in post.getlist("thing")][:1000]
        made = cls(typed, {name: post.get(name) == "on" for name in TICKS}, things)
        made.titles, made.marks = _of_things(post, things)
        try:
            made.token = str(uuid.UUID(post.get("token", "")))
        except ValueError:
            made.token = str(uuid.uuid4())
        return made

    def get(self, name: str) -> str:
        """One field without blanks around."""
        return self.typed.get(name, "").strip()

    def person(self) -> None:
        """Who was chosen from the address book goes into what was left empty. Raises NotShared."""
        asked = self.get("contact")
        if not asked:
            return
        email = asked.rpartition(",")[2].strip().lower()
        found = Contact.objects.filter(removed_at=None, email=email).first()
        if found is None:
            found = _only(list(Contact.objects.filter(removed_at=None, name__iexact=asked)[:2]))
        if found is None:
            raise NotShared(
                "Nobody in the address book is called so. Choose one of the list, or enter name, "
                "organisation and address below.", "contact",
            )  # fmt: skip
        for name, value in (("recipient", found.name), ("organisation", found.organisation),
                            ("email", found.email)):  # fmt: skip
            self.typed[name] = self.typed[name].strip() or value
        # They stand below now: chosen once more, it would be somebody else.
        self.typed["contact"] = ""

    def wish(self, case: Case | None, choices: Choices) -> Wish | None:
        """What was asked for; nothing where something of it is wrong: then `errors` has it."""
        found: dict[str, datetime] = {}
        try:
            self.person()
        except NotShared as error:
            self.errors["contact"] = str(error)
        for name, words in (("starts", "the start"), ("until", "the end")):
            try:
                found |= self._moment(name, words)
            except NotShared as error:
                self.errors[name] = str(error)
        until = found.get("until", wishes.offered_until(case))
        things = list(self._things(choices))
        wish = Wish(
            recipient=self.get("recipient"), organisation=self.get("organisation"),
            email=self.get("email"), purpose=self.get("purpose"), words=self.get("words"),
            basis=Basis.objects.filter(code=self.get("basis"), active=True).first(),
            until=until, starts=found.get("starts"), things=things, case=case,
            downloads=self.get("take") == "download", watermark=self.ticks["watermark"],
            how=self.get("how"), remember=self.ticks["remember"], asked=uuid.UUID(self.token),
        )  # fmt: skip
        wrong = wishes.problems(wish)
        if not things:
            wrong.setdefault("things", "Select at least one thing to share")
        self.errors = self.errors | {k: v for k, v in wrong.items() if k not in self.errors}
        return None if self.errors else wish

    def _moment(self, name: str, words: str) -> dict[str, datetime]:
        text = self.get(name)
        if not text:
            if name == "until":
                raise NotShared("Enter the day on which it ends", name)
            return {}
        day = a_day(text, words, name)
        if name == "until":
            return {name: wishes.end_of(day)}
        # Today: from now on, not from this morning.
        if day <= timezone.localdate():
            return {}
        return {name: timezone.make_aware(datetime.combine(day, time(0, 0)))}

    def _things(self, choices: Choices) -> Iterator[Thing]:
        for key in self.things:
            choice = choices.find(key)
            if choice is None:
                self.errors["things"] = (
                    "Something that you selected is not there for you any more. Look through the "
                    "list again."
                )
            elif choice.why:
                self.errors["things"] = f"{choice.name} can't be shared. {choice.why}"
            else:
                yield Thing(
                    recording=choice.thing.recording, exhibit=choice.thing.exhibit,
                    paper=choice.thing.paper, title=self.title(choice),
                    markers=self.marks.get(key, []),
                )  # fmt: skip

    def title(self, choice: Choice) -> str:
        """What a thing is called: as typed, else as it is offered."""
        return self.titles.get(choice.key, choice.title)

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """Everything as it was typed, to go along unseen with the page that asks once more."""
        rows = [*self.typed.items(), ("token", self.token)]
        rows += [(name, "on") for name, ticked in self.ticks.items() if ticked]
        rows += [("thing", key) for key in self.things]
        rows += [(f"title-{key.lower()}", title) for key, title in self.titles.items()]
        for key, marks in self.marks.items():
            rows += [(f"mark-{key.lower()}", str(mark)) for mark in marks]
        return rows


def _only(rows: list[Contact]) -> Contact | None:
    return rows[0] if len(rows) == 1 else None


def _of_things(post: QueryDict, things: list[str]) -> tuple[dict[str, str], dict[str, list[int]]]:
    """Titles of everything that has one, chosen or not, so that nothing typed is lost."""
    titles: dict[str, str] = {}
    marks: dict[str, list[int]] = {}
    for name in post:
        kind, _, low = name.partition("-")
        key = low.upper() if low[:2] in ("r-", "x-") else low
        if kind == "title" and len(titles) < 1000:
            titles[key[:20]] = post.get(name, "").replace("\0", "")[:120]
        elif kind == "mark" and len(marks) < 1000:
            numbers = [one for one in post.getlist(name) if one.isascii() and one.isdecimal()]
            marks[key[:20]] = [int(one) for one in numbers if len(one) < 15][: making.MOST_MARKERS]
    return titles, marks
