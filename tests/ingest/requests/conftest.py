"""A case officer who asks, and a person outside who sends."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import urllib3
from django.core import mail
from django.test import Client
from django.utils import timezone

from evidence.cases.models import Case
from evidence.people.models import User
from ingest.requests import actions
from ingest.requests.models import UploadRequest
from tests import factories


@pytest.fixture
def cole(db: None) -> User:
    """DC Cole: a case officer."""
    return factories.Person(username="cole", rank="DC", collar="301", name="Alex Cole",
                            email="cole@metropolis.example", roles=["case_officer"])  # fmt: skip


@pytest.fixture
def marsh(cole: User) -> Case:
    """A case of DC Cole's."""
    return Case.objects.create(urn="01AB/12345/26", title="R v Marsh", officer_in_case=cole)


@dataclass
class Ask:
    """Makes requests, and says the secret of each link."""

    by: User
    capture: Any
    tokens: dict[str, str] = field(default_factory=dict)

    def __call__(self, **more: Any) -> UploadRequest:
        fields: dict[str, Any] = {
            "requester": "Jordan Ellis", "email": "jordan@example.org",
            "purpose": "Your door camera, 22 November, 10pm to 11pm",
            "until": timezone.now() + timedelta(days=7),
        }  # fmt: skip
        with self.capture(execute=True):
            made = actions.make(by=more.pop("by", self.by), wish=actions.Wish(**(fields | more)))
        self.tokens[made.reference] = token()
        return made


def token() -> str:
    """The secret of the link that was mailed last."""
    found = re.findall(r"/give/open#(\S+)", str(mail.outbox[-1].body))
    assert found
    return str(found[-1])


@pytest.fixture
def ask(cole: User, django_capture_on_commit_callbacks: Any) -> Ask:
    return Ask(cole, django_capture_on_commit_callbacks)


class Outside:
    """The person outside, with one browser."""

    def __init__(self, capture: Any) -> None:
        self.http, self.capture = Client(), capture

    def open(self, secret: str) -> Any:
        return self.http.post("/give/open", {"token": secret})

    def code(self) -> str:
        with self.capture(execute=True):
            assert self.http.post("/give/prove/send/").status_code == 302
        found = re.search(r"\b\d{6}\b", str(mail.outbox[-1].body))
        assert found
        return found.group()

    def prove(self, secret: str) -> Any:
        assert self.open(secret).status_code == 302
        return self.http.post("/give/prove/check/", {"code": self.code()})

    def post(self, row: UploadRequest, path: str, body: Any) -> Any:
        url = f"/give/{row.reference}/files/{path}"
        return self.http.post(url, json.dumps(body), content_type="application/json")

    def choose(self, row: UploadRequest, data: bytes, name: str = "door.mp4", **more: Any) -> Any:
        digest = hashlib.sha256(data).hexdigest()
        return self.post(row, "", {"name": name, "size": len(data), "sha256": digest} | more)

    def sign(self, row: UploadRequest, upload: str, number: int, data: bytes) -> Any:
        parts = [{"number": number, "sha256": hashlib.sha256(data).hexdigest()}]
        return self.post(row, f"{upload}/parts/", {"parts": parts})

    def send(self, row: UploadRequest, data: bytes, name: str = "door.mp4") -> str:
        """A whole file, as the page sends it: the upload's id."""
        told = self.choose(row, data, name).json()
        for number in range(1, told["parts"] + 1):
            if number in told["have"]:
                continue
            piece = data[(number - 1) * told["part_size"] : number * told["part_size"]]
            [signed] = self.sign(row, told["id"], number, piece).json()["parts"]
            assert put(signed, piece) == 200
        with self.capture(execute=False):
            answer = self.post(row, f"{told['id']}/complete/", {})
        assert answer.status_code == 200, answer.text
        return str(told["id"])


def put(signed: dict[str, Any], data: bytes) -> int:
    """What the store answers."""
    return urllib3.request("PUT", signed["url"], body=data, headers=signed["headers"]).status


@pytest.fixture
def jordan(django_capture_on_commit_callbacks: Any) -> Outside:
    return Outside(django_capture_on_commit_callbacks)
