"""What a recording is found by, and how a question becomes one that PostgreSQL answers.

Two columns: `search` holds what every reader of the recording may know, `search_office` that
and what only those with `hold.view` may know. Every action that changes what stands in them
calls `index` in its own transaction; `sweep` finds rows that were never indexed. Names of
people, units and categories are copied in: after one was changed, `manage.py search reindex`
brings its recordings up to date. Who may see what is never decided by these columns.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import BooleanField, F, Func, Q, QuerySet, Value

from evidence.people.models import User
from evidence.recordings import keeping
from evidence.recordings.models import ALPHABET, Recording

LONGEST = 200
MOST_TERMS = 16
SHORTEST_PREFIX = 3
BATCH = 500
# A vector holds at most a megabyte; nobody looks for what stands after so many characters.
MOST_TEXT = 100_000

# Identifiers are found by their parts (12345/26 in 01AB/12345/26): everything but letters and
# digits separates, in what is indexed and in what is asked alike.
SEPARATORS = string.punctuation + "‐‑‒–—‘’“”…·"
_BLANKS = " " * len(SEPARATORS)
_TABLE = str.maketrans(SEPARATORS, _BLANKS)

_INDEX = """
UPDATE recordings_recording target
SET search = said.open, search_office = said.open || said.office
FROM (
    SELECT r.id,
        to_tsvector('simple', translate(concat_ws(' ', r.reference, r.crime_reference, r.camera,
            p.rank, p.name, p.collar, u.name, left(o.names, %(most)s)),
            %(separators)s, %(blanks)s))
        || to_tsvector('english', translate(concat_ws(' ', c.name, i.name, left(r.note, %(most)s),
            left(m.open, %(most)s)), %(separators)s, %(blanks)s)) AS open,
        to_tsvector('english', translate(coalesce(left(m.office, %(most)s), ''),
            %(separators)s, %(blanks)s)) AS office
    FROM recordings_recording r
    LEFT JOIN people_user p ON p.id = r.officer_id
    LEFT JOIN people_unit u ON u.id = p.unit_id
    LEFT JOIN recordings_category c ON c.id = r.category_id
    LEFT JOIN recordings_incidenttype i ON i.id = r.incident_id
    LEFT JOIN LATERAL (
        SELECT string_agg(concat_ws(' ', reference, file_name, dock), ' ' ORDER BY id) AS names
        FROM recordings_original WHERE recording_id = r.id
    ) o ON true
    LEFT JOIN LATERAL (
        SELECT string_agg(text, ' ' ORDER BY at_ms, id) FILTER (WHERE NOT office) AS open,
            string_agg(text, ' ' ORDER BY at_ms, id) FILTER (WHERE office) AS office
        FROM recordings_marker WHERE recording_id = r.id AND removed_at IS NULL
    ) m ON true
    WHERE r.id = ANY(%(ids)s)
) said
WHERE said.id = target.id
"""


def index(recording_ids: Iterable[int]) -> int:
    """Bring these rows' search columns up to date, in the caller's transaction; how many."""
    values: dict[str, Any] = {
        "ids": list(recording_ids), "most": MOST_TEXT, "separators": SEPARATORS, "blanks": _BLANKS,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_INDEX, values)
        return int(cursor.rowcount)


def reindex(recording: Recording) -> None:
    """Bring one recording's search columns up to date, in the caller's transaction."""
    index([recording.pk])


def sweep(most: int = 20 * BATCH) -> int:
    """Index rows that never were, in batches of their own; how many there were, up to `most`."""
    done = 0
    while done < most:
        with transaction.atomic():
            rows = Recording.objects.select_for_update(skip_locked=True).filter(search=None)
            ids = list(rows.order_by("id").values_list("pk", flat=True)[:BATCH])
            index(ids)
        done += len(ids)
        if len(ids) < BATCH:
            break
    return done


def reindex_all(recordings: QuerySet[Recording], batch: int = BATCH) -> Iterator[int]:
    """Index these recordings anew, a batch a transaction; how many are done, after each."""
    done = last = 0
    while True:
        with transaction.atomic():
            rows = recordings.select_for_update(of=("self",)).filter(pk__gt=last).order_by("pk")
            ids = [row.pk for row in rows.only("pk")[:batch]]
            if not ids:
                return
            index(ids)
        done, last = done + len(ids), ids[-1]
        yield done


def clean(text: str) -> str:
    """The words of a text as they are indexed: letters and digits, one blank between."""
    return " ".join(text.replace("\0", " ").translate(_TABLE).split())


_SIGNS = f"[{ALPHABET}]{{4}}"
REFERENCE = re.compile(rf"\s*R[\s-]?({_SIGNS})[\s-]?({_SIGNS})\s*", re.IGNORECASE | re.ASCII)


def reference_in(text: str) -> str:
    """The reference that the whole text is, R-7K3M-9QXD however it is typed; else ''."""
    found = REFERENCE.fullmatch(text)
    return f"R-{found[1]}-{found[2]}".upper() if found else ""


_TOKEN = re.compile(r'(-?)"([^"]*)"|(\S+)')


@dataclass(frozen=True)
class Term:
    """One word or phrase of a question."""

    words: str
    wanted: bool = True
    prefix: bool = False
    # Begins an alternative: what stands before `or` and what stands after.
    either: bool = False


def terms(text: str) -> list[Term]:
    """The words of a question as `websearch_to_tsquery` reads them: "phrases", or, -without.

    The last word also finds what begins with it.
    """
    found: list[Term] = []
    either = False
    for minus, phrase, word in _TOKEN.findall(text):
        if word.lower() == "or":
            either = bool(found)
            continue
        wanted = not (minus or word.startswith("-"))
        words = clean(phrase or word)
        if any(char.isalnum() for char in words):
            found.append(Term(words, wanted, either=either))
            either = False
    found = found[:MOST_TERMS]
    if found and found[-1].wanted and not text.rstrip().endswith('"'):
        last = found[-1]
        if len(last.words.split()[-1]) >= SHORTEST_PREFIX:
            found[-1] = Term(last.words, True, True, last.either)
    return found


_PARSE = """
SELECT (phraseto_tsquery('simple', words) || phraseto_tsquery('english', words)
        || CASE WHEN last = '' THEN ''::tsquery ELSE
        tsquery_phrase(phraseto_tsquery('simple', head), to_tsquery('simple', last))
        || tsquery_phrase(phraseto_tsquery('english', head), to_tsquery('english', last)) END
       )::text,
       numnode(phraseto_tsquery('english', words)) = 0
FROM unnest(%s::text[], %s::text[], %s::text[]) WITH ORDINALITY AS asked(words, head, last, place)
ORDER BY place
"""


@dataclass(frozen=True)
class Query:
    """A question for the index: all of it, and each thing that it looks for, to mark it."""

    text: str
    marks: str
    terms: tuple[Term, ...]
    # Of each alternative what must be there, without what must not.
    alternatives: tuple[tuple[Term, ...], ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to look for."""
        return not self.text


def parse(text: str) -> Query:
    """A question as PostgreSQL asks it, whatever was typed. One query.

    Words that English leaves out (the, in) are left out where others stand beside them.
    """
    asked = terms(text)
    if not any(term.wanted for term in asked):
        return Query("", "", ())
    heads = [term.words.rpartition(" ")[0] if term.prefix else "" for term in asked]
    lasts = [f"'{term.words.rpartition(' ')[2]}':*" if term.prefix else "" for term in asked]
    with connection.cursor() as cursor:
        cursor.execute(_PARSE, [[term.words for term in asked], heads, lasts])
        parts = [(term, *row) for term, row in zip(asked, cursor.fetchall(), strict=True)]
    said = [part for part in parts if part[1] and not part[2]]
    if not any(term.wanted for term, *_ in said):
        said = [part for part in parts if part[1]]
    return _query(said)


def _query(parts: list[tuple[Term, str, bool]]) -> Query:
    groups: list[list[str]] = [[]]
    alternatives: list[list[Term]] = [[]]
    for term, text, _ in parts:
        if term.either and groups[-1]:
            groups.append([])
            alternatives.append([])
        alternatives[-1] += [term] * term.wanted
        groups[-1].append(f"({text})" if term.wanted else f"!({text})")
    wanted = [(term, text) for term, text, _ in parts if term.wanted]
    if not wanted:
        return Query("", "", ())
    return Query(
        text=" | ".join(" & ".join(group) for group in groups),
        marks=" | ".join(f"({text})" for _, text in wanted),
        terms=tuple(term for term, _ in wanted),
        alternatives=tuple(map(tuple, alternatives)),
    )


class Matches(Func):
    """Whether a search column answers a question."""

    template = "%(expressions)s::tsquery"
    arg_joiner = " @@ "
    output_field = BooleanField()


def matches(query: Query, reader: User) -> Q:
    """That a recording answers the question, by what the reader may know of it.

    Of some footage, like their own, nobody is told what the office marked (`keeping.unsaid`).
    """
    known = Q(Matches(F("search"), Value(query.text)))
    if not reader.may("hold.view"):
        return known
    return Q(Matches(F("search_office"), Value(query.text))) & (~keeping.unsaid(reader) | known)
