"""What the person outside and whoever answers for the share write to each other."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.test import Client

from evidence.people.models import User
from evidence.sharing import writing
from evidence.sharing.models import Message
from evidence.sharing.wishes import Made

pytestmark = pytest.mark.django_db


def test_a_time_is_marked_and_written_about(
    jo: Client, shared: Made, django_capture_on_commit_callbacks: Any
) -> None:
    path = f"/shared/{shared.share.reference}/"
    with django_capture_on_commit_callbacks(execute=True):
        answer = jo.post(f"{path}2/write/", {"at": "00:00:01.480", "text": "Who is this?"})
    assert answer["Location"] == f"{path}2/#markers"
    row = Message.objects.get()
    assert (row.at_ms, row.text, row.by) == (1480, "Who is this?", None)
    assert row.item is not None
    assert row.item.number == 2
    assert mail.outbox[-1].to == ["marlow@force.example"]
    assert "Who is this" not in str(mail.outbox[-1].body)
    for where in (path, f"{path}2/"):
        text = jo.get(where).text
        assert "Who is this?" in text
        assert "00:00:01.480" in text


def test_the_player_marks_without_leaving_the_page(jo: Client, shared: Made) -> None:
    path = f"/shared/{shared.share.reference}/1/write/"
    answer = jo.post(path, {"at": "1.5", "text": ""}, headers={"X-Part": "markers"})
    assert answer.status_code == 200
    assert "00:00:01.500" in answer.text
    assert "<html" not in answer.text
    wrong = jo.post(path, {"at": "soon", "text": "kept"}, headers={"X-Part": "markers"})
    assert wrong.status_code == 422
    assert "Enter a time like" in wrong.text
    assert "kept" in wrong.text


def test_nothing_typed_is_lost(jo: Client, shared: Made) -> None:
    path = f"/shared/{shared.share.reference}/"
    answer = jo.post(f"{path}write/", {"text": "x" * 2001})
    assert answer.status_code == 422
    assert "at most 2,000" in answer.text
    assert "x" * 2001 in answer.text
    assert "Write what you want to say" in jo.post(f"{path}write/", {"text": " "}).text


def test_many_marks_are_one_mail(
    jo: Client, shared: Made, django_capture_on_commit_callbacks: Any
) -> None:
    count = len(mail.outbox)
    with django_capture_on_commit_callbacks(execute=True):
        for second in range(5):
            jo.post(f"/shared/{shared.share.reference}/1/write/", {"at": str(second)})
    assert Message.objects.count() == 5
    assert len(mail.outbox) == count + 1


def test_an_answer_comes_back(
    jo: Client, shared: Made, marlow: User, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        writing.answer(by=marlow, share=shared.share, text="That is PC Shah.")
    assert mail.outbox[-1].to == ["j.marlow@cps.example"]
    assert "PC Shah" not in str(mail.outbox[-1].body)
    assert "That is PC Shah." in jo.get(f"/shared/{shared.share.reference}/").text
