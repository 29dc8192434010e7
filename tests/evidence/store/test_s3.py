"""What the one S3 module promises, on the real store."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from evidence.store import acceptance, s3


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_a_forked_process_has_a_client_of_its_own() -> None:
    """Shared connections once gave two workers each other's answers."""
    mine = id(s3.client())
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, b"y" if id(s3.client()) == mine else b"n")
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reader, 1) == b"n"


def test_a_large_file_is_written_in_parts_and_reads_back(tmp_path: Path) -> None:
    data = os.urandom(1024) * 70_000
    path = tmp_path / "large"
    path.write_bytes(data)
    key = f"test/{sha(data)}-{os.getpid()}"
    s3.put_file("renditions", key, path, sha(data), "video/mp4")
    assert sha(b"".join(s3.read("renditions", key))) == sha(data)
    assert b"".join(s3.read("renditions", key, start=len(data) - 10)) == data[-10:]
    assert b"".join(s3.read("renditions", key, start=3, end=9)) == data[3:9]
    assert b"".join(s3.read("renditions", key, end=1)) == data[:1]
    assert b"".join(s3.read("renditions", key, start=5, end=5)) == b""


def test_a_wrong_hash_is_refused() -> None:
    with pytest.raises(s3.StoreError):
        s3.put("renditions", f"test/wrong-{os.getpid()}", b"x", sha(b"y"), "text/plain")


def test_a_key_is_never_written_twice() -> None:
    key = f"test/once-{os.getpid()}"
    s3.put("renditions", key, b"x", sha(b"x"), "text/plain")
    with pytest.raises(s3.AlreadyThere):
        s3.put("renditions", key, b"x", sha(b"x"), "text/plain")


def test_what_is_not_there_is_said() -> None:
    with pytest.raises(s3.Missing):
        s3.head("originals", "nothing")
    with pytest.raises(s3.Missing):
        list(s3.read("originals", "nothing"))


def test_the_store_does_all_that_evidence_relies_on(capsys: Any) -> None:
    call_command("store", "check")
    out = capsys.readouterr().out
    assert "FAILED" not in out
    assert out.count("ok ") == len(acceptance.CHECKS)


def test_a_store_that_falls_short_is_not_started_on(settings: Any, monkeypatch: Any) -> None:
    def forgets(self: Any) -> None:
        raise acceptance.StoreFallsShort("it was accepted")

    monkeypatch.setattr(acceptance._Probe, "legal_hold", forgets)
    with pytest.raises(CommandError, match="1 points"):
        call_command("store", "check", stdout=open(os.devnull, "w"))  # noqa: SIM115
    monkeypatch.setattr(acceptance, "KEY", "store-acceptance/never")
    with pytest.raises(acceptance.StoreFallsShort, match="store check"):
        acceptance.require()
    settings.STORE_ACCEPT_FAULTS = True
    acceptance.require()
