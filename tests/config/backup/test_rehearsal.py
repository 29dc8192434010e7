"""The rehearsal: footage is docked, backed up, lost, restored, and docked on; on real parts."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from config.backup import manifest, restoring
from config.backup.sealing import BackupError, Vault
from tests.config.backup.stack import PASSPHRASE, Own

CAMERA = "BWC-000101"


class Story:
    """A stack on which two files were docked, backed up, and two more docked since."""

    def __init__(self, own: Own, folder: Path) -> None:
        self.own, self.folder = own, folder
        self.bay, self.state = folder / "bay", folder / "state"
        self.bay.mkdir()
        self.backup, self.signers = folder / "backups" / "monday", folder / "elsewhere" / "monday"
        self.backup.parent.mkdir()
        self.signers.parent.mkdir()

    def dock(self, *names: str) -> str:
        self.bay.joinpath("camera.json").write_text(json.dumps({"serial": CAMERA}))
        for name in names:
            (self.bay / name).write_bytes(f"the bytes of {name}".encode() * 1000)
        out = self.own.dock(self.state, self.bay)
        assert [path.name for path in self.bay.iterdir()] == ["camera.json"], out
        return out

    def receipts(self) -> dict[str, str]:
        return {path.stem: path.read_text() for path in (self.state / "receipts").glob("*.txt")}

    def restore(self, *more: str, **environment: str) -> tuple[int, str]:
        return self.own.run("restore", "--from", str(self.backup), *self.own.passphrase, *more,
                            owner=True, **environment)  # fmt: skip


@pytest.fixture(scope="module")
def story(tmp_path_factory: Any) -> Iterator[Story]:
    own = Own.made()
    told = Story(own, tmp_path_factory.mktemp("rehearsal"))
    own.start("signer", "sequencer", "web", "ingest")
    own.enrol(told.state, "CH-02")
    told.dock("A.bin", "B.bin")
    code, said = own.run("backup", "--to", str(told.backup), *own.passphrase, "--json")
    assert code == 0, said
    code, said = own.run("backup", "--signer", "--to", str(told.signers), *own.passphrase)
    assert code == 0, said
    told.dock("C.bin", "D.bin")
    own.end("sequencer", "web", "ingest")
    own.manage("custody", "anchor")
    yield told
    own.end()


@pytest.fixture
def copy(story: Story, tmp_path: Path) -> Path:
    return Path(shutil.copytree(story.backup, tmp_path / "copy"))


def told(said: str) -> dict[str, Any]:
    """What a command said as JSON, among what else it said."""
    return dict(json.loads(next(line for line in said.splitlines() if line.startswith("{"))))


# --- the backup, looked at ------------------------------------------------------------


def test_it_holds_what_it_says_and_nothing_of_the_signer(story: Story) -> None:
    said, _ = manifest.opened(story.backup, PASSPHRASE, manifest.DATABASE)
    assert sorted(said["files"]) == ["database.sealed", "secrets.sealed", "settings.json"]
    assert said["store"]["originals"]["objects"] == 2
    assert said["store"]["originals"]["bytes"] == 2 * len(b"the bytes of A.bin") * 1000
    assert said["log"]["size"] == said["tables"]["custody_event_0"]
    # The event of the backup is in it, and signed.
    assert said["log"]["signed"] == said["log"]["size"]
    assert said["log"]["checkpoint"].splitlines()[1] == str(said["log"]["size"])
    assert sorted(restoring.Backup(story.backup, PASSPHRASE).keys) == [
        "log.keyring", "receipts.seed"
    ]  # fmt: skip
    for path in story.backup.iterdir():
        assert path.stat().st_mode & 0o777 == 0o600
    text = b"".join(path.read_bytes() for path in story.backup.iterdir())
    environment = story.own.layout.environment()
    for secret in ("AWS_SECRET_ACCESS_KEY", "SECRET_KEY", "BWV_SIGNER_TOKEN"):
        assert environment[secret].encode() not in text
    keys = story.own.layout.data / "keys"
    assert (keys / "log.seed").read_bytes().strip() not in text
    hidden = restoring.Backup(story.backup, PASSPHRASE).hidden
    assert hidden["SECRET_KEY"] == environment["SECRET_KEY"]
    assert "BWV_SIGNER_STATE" not in hidden | restoring.Backup(story.backup, PASSPHRASE).plain


def test_check_reads_it_to_the_end_and_touches_nothing(story: Story) -> None:
    code, said = story.restore("--check", "--json")
    assert code == 0, said
    assert told(said)["unpacked"] is True


def test_the_signers_backup_and_this_one_never_lie_together(story: Story) -> None:
    own, beside = story.own, str(story.backup.parent / "signers")
    code, said = own.run("backup", "--signer", "--to", beside, *own.passphrase)
    assert (code, "the two are kept apart" in said) == (1, True)
    code, said = own.run("backup", "--to", str(story.signers.parent / "new"), *own.passphrase)
    assert (code, "the two are kept apart" in said) == (1, True)
    code, said = own.run("backup", "--to", str(story.backup), *own.passphrase)
    assert (code, "is not empty" in said) == (1, True)
    assert not Path(beside).exists()


# --- damaged ------------------------------------------------------------------------------


def flip(path: Path, at: int = -100) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def edit(folder: Path, change: Callable[[Any], None], passphrase: str = "") -> None:
    path = folder / manifest.NAME
    said = json.loads(path.read_text())
    change(said)
    if passphrase:
        vault = Vault(passphrase, bytes.fromhex(said["kdf"]["salt"]))
        said["seal"] = vault.signature(manifest._canonical(said))
    path.write_text(json.dumps(said))


FILES = ("database.sealed", "secrets.sealed", "settings.json")


def on(name: str, act: Callable[[Path], Any]) -> Callable[[Path], Any]:
    return lambda folder: act(folder / name)


DAMAGE: dict[str, tuple[Callable[[Path], Any], str]] = {
    **{f"{name} cut": (on(name, cut), f"{name} has") for name in FILES},
    **{f"{name} flipped": (on(name, lambda path: flip(path, 40)), f"{name} was changed")
       for name in FILES},
    **{f"{name} missing": (on(name, Path.unlink), f"{name} is missing") for name in FILES},
    "extra": (on("more", Path.touch), "more does not belong"),
    "manifest cut": (on(manifest.NAME, cut), "can't be read"),
    "manifest missing": (on(manifest.NAME, Path.unlink), "was not finished"),
    "manifest edited": (lambda at: edit(at, lambda m: m["tables"].update(x=1)),
                        "was changed after"),
    "manifest of another": (lambda at: edit(at, lambda m: m.update(kind="signer")),
                            "is a backup of the signer"),
}  # fmt: skip


@pytest.mark.parametrize("what", DAMAGE)
def test_a_damaged_backup_is_refused_in_a_sentence(copy: Path, what: str) -> None:
    damage, sentence = DAMAGE[what]
    damage(copy)
    with pytest.raises(BackupError, match=sentence):
        restoring.Backup(copy, PASSPHRASE)


def test_a_wrong_passphrase_is_told_from_damage(copy: Path) -> None:
    with pytest.raises(BackupError, match="The passphrase is not the one"):
        restoring.Backup(copy, PASSPHRASE + "!")


def test_a_frame_that_was_changed_is_found_even_when_every_hash_fits(
    copy: Path, story: Story
) -> None:
    """The seal of each frame, not only the SHA-256 of the file."""
    import hashlib

    path = copy / "database.sealed"
    flip(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    edit(copy, lambda m: m["files"][path.name].update(sha256=digest), PASSPHRASE)
    with pytest.raises(BackupError, match=r"database\.sealed is damaged"):
        restoring.Backup(copy, PASSPHRASE)


def test_a_damaged_backup_leaves_the_place_as_it_was(copy: Path, story: Story) -> None:
    cut(copy / "secrets.sealed")
    keys = story.folder / "no-keys"
    own = story.own
    own.lose_the_database()
    try:
        code, said = own.run("restore", "--from", str(copy), *own.passphrase, owner=True,
                             BWV_KEYS=str(keys))  # fmt: skip
        assert (code, "secrets.sealed has" in said) == (1, True), said
        assert empty(own)
        assert not keys.exists()
    finally:
        back(own)


def empty(own: Own) -> bool:
    found: int = own.ask(restoring.FILLED.replace("%%", "%"))
    return found == 0


def back(own: Own) -> None:
    """The database that was lost last is there again."""
    own.drop_what_is_empty()
    with own.superuser() as connection:
        names = connection.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE 'lost_%' ORDER BY oid DESC"
        ).fetchone()
        connection.execute(f"ALTER DATABASE {names[0]} RENAME TO bwv")


# --- refused ------------------------------------------------------------------------------


def test_nothing_is_restored_over_anything(story: Story) -> None:
    code, said = story.restore()
    assert (code, "is not empty, and nothing is ever overwritten" in said) == (1, True), said


def test_where_it_does_not_fit_it_says_what_to_do(story: Story, copy: Path) -> None:
    own = story.own
    own.lose_the_database()
    try:
        code, said = story.restore(BWV_ORIGIN="elsewhere.police.uk/custody")
        assert (code, "Set BWV_ORIGIN=bwv.localhost/custody" in said) == (1, True), said
        code, said = own.run("restore", "--from", str(story.backup), *own.passphrase)
        assert (code, "can't make tables" in said) == (1, True), said
        code, said = story.restore("--role", "bwv_app=nobody_here")
        assert (code, "The database has no role nobody_here" in said) == (1, True), said
        code, said = story.restore("--role", "bwv_app=bwv_owner")
        assert (code, "could change the custody log" in said) == (1, True), said
        other = story.folder / "other-keys"
        other.mkdir(mode=0o700)
        (other / "receipts.seed").write_text("00" * 32)
        code, said = story.restore(BWV_KEYS=str(other))
        assert (code, "is there already and is another key" in said) == (1, True), said
        edit(copy, lambda m: m["migrations"].append("uploads.9999_later"), PASSPHRASE)
        code, said = own.run("restore", "--from", str(copy), *own.passphrase, owner=True)
        assert (code, "was made by newer code" in said) == (1, True), said
        assert empty(own)
    finally:
        back(own)


def test_a_table_that_came_back_short_undoes_the_whole(story: Story, copy: Path) -> None:
    own = story.own
    edit(copy, lambda m: m["tables"].update(custody_event_0=1), PASSPHRASE)
    own.lose_the_database()
    try:
        code, said = own.run("restore", "--from", str(copy), *own.passphrase, owner=True)
        assert (code, "custody_event_0 does not have 1 rows" in said) == (1, True), said
        assert empty(own)
    finally:
        back(own)


# --- killed -------------------------------------------------------------------------------


def wait(until: Callable[[], Any], process: subprocess.Popen[bytes]) -> None:
    while not until():
        assert process.poll() is None, "it ended before it was killed"
        time.sleep(0.002)


def test_killed_in_the_middle_a_backup_looks_like_none(story: Story) -> None:
    own, to = story.own, story.folder / "killed"
    part = to.with_name("killed.part")
    process = subprocess.Popen(
        own.words("backup", "--to", str(to), *own.passphrase), env=own.surroundings()
    )
    wait(lambda: (part / "database.sealed").exists(), process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not to.exists()
    with pytest.raises(BackupError, match="was not finished"):
        restoring.Backup(part, PASSPHRASE)
    # The next one clears it away.
    code, said = own.run("backup", "--to", str(to), *own.passphrase, "--plain-database")
    assert code == 0, said
    assert not part.exists()
    assert restoring.Backup(to, PASSPHRASE).said["files"]["database.dump"]["size"] > 0
    assert to.joinpath("database.dump").read_bytes().startswith(b"PGDMP")


def test_killed_in_the_middle_a_restore_leaves_the_database_empty(story: Story) -> None:
    own = story.own
    own.lose_the_database()
    try:
        with (
            own.superuser("bwv") as other,
            psycopg.connect(
                other.info.dsn, password=own.layout.secret("database-super")
            ) as blocker,
        ):
            # Whatever makes this table too waits for it, in the middle of everything.
            blocker.execute("CREATE TABLE public.django_migrations (id int)")
            process = subprocess.Popen(
                own.words("restore", "--from", str(story.backup), *own.passphrase),
                env=own.surroundings(owner=True),
            )
            waiting = (
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'bwv-backup'"
                " AND wait_event_type = 'Lock'"
            )
            wait(lambda: other.execute(waiting).fetchone()[0], process)
            process.send_signal(signal.SIGKILL)
            process.wait()
            blocker.rollback()
        story.own.wait(
            lambda: (
                not own.ask(
                    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'bwv-backup'"
                )
            ),
            "psql to end",
        )
        assert empty(own)
    finally:
        back(own)


# --- the whole story ----------------------------------------------------------------------


def test_a_lost_database_comes_back_and_docks_carry_on(story: Story) -> None:
    own = story.own
    before = story.receipts()
    assert len(before) == 4
    objects = objects_of(own)
    own.manage("custody", "anchor")  # whatever was signed since is in the bucket too
    own.lose_the_database()
    code, said = story.restore("--json")
    assert code == 0, said
    found = told(said)
    assert found["keys_written"] == []
    assert own.ask("SELECT count(*) FROM django_session") == 0
    assert any("manage.py retention again" in step for step in found["next"])
    assert any(f"from number {found['events']} on" in step for step in found["next"])
    assert [item["name"] for item in found["differences"]] == ["DATABASE_URL"]

    # What protects the log is in force, for the owner too; the roles may what they might.
    with own.owner() as owner, pytest.raises(psycopg.errors.RaiseException, match="only ever"):
        owner.execute("UPDATE custody_event SET outcome = 'denied'")
    with own.database() as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute("DELETE FROM custody_checkpoint")
    with own.database() as app:
        app.execute("SELECT count(*) FROM uploads_upload")
    signers = own.layout.signer_environment()["BWV_SIGNER_DATABASE_URL"]
    with psycopg.connect(signers) as signer:
        signer.execute("SELECT count(*) FROM custody_event, custody_node")
    with psycopg.connect(signers) as signer:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            signer.execute("SELECT count(*) FROM custody_private")

    # The signer remembers more: it refuses, until the log is whole and says what happened.
    code, said = own.run("custody", "status", "--json")
    assert told(said)["size"] == found["events"]
    own.manage("dock", "code", "CH-03")  # an event, so that something is to be signed
    code, said = own.run("custody", "checkpoint")
    assert (code, "were signed and only" in said) == (1, True), said
    own.drop_what_is_empty()
    with own.superuser() as connection:
        connection.execute("CREATE DATABASE bwv OWNER bwv_owner")
    code, said = story.restore("--json")
    assert code == 0, said
    said = own.manage("custody", "rebuild", "--from-tiles", "--write")
    count = said.split(" events put back")[0].split()[-1]
    assert int(count) > 0
    own.manage("custody", "restored", "--by", "DS Lane", "--reason", "Disk failed",
               "--rebuilt", count)  # fmt: skip
    code, said = own.run("custody", "checkpoint")
    assert code == 0, said
    code, said = own.run("custody", "verify")
    assert (code, "Everything agrees" in said) == (0, True), said

    said = own.manage("retention", "again")
    assert "No rows came back" in said
    said = own.manage("retention", "status")
    assert "nothing new is destroyed before" in said

    # What the backup did not have is named: two objects that no row knows.
    known = own.ask("SELECT string_agg(key, ' ') FROM recordings_original").split()
    forgotten = objects - set(known)
    code, said = own.run("reconcile", "--json", BWV_ACCOUNTING_GRACE_SECONDS="0")
    assert (code, len(forgotten)) == (1, 2), said
    assert all(key in said for key in forgotten), said

    # Docks carry on: what is known gets its receipt again, what was forgotten is taken in.
    own.start("sequencer", "web", "ingest")
    story.dock("A.bin", "B.bin", "C.bin", "D.bin", "E.bin")
    own.end("sequencer", "web", "ingest")
    after = story.receipts()
    uploads = own.uploads()
    assert {row["state"] for row in uploads} == {"sealed"}
    assert len(uploads) == len(own.recordings()) == 5
    same = {str(row["id"]) for row in uploads} & set(before)
    assert len(same) == 2
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    # Every object that was there is there still; three more came.
    assert objects < objects_of(own)
    assert len(objects_of(own)) == len(objects) + 3
    code, said = own.run("custody", "verify")
    assert (code, "Everything agrees" in said) == (0, True), said


def objects_of(own: Own) -> set[str]:
    code = "from evidence.store import s3\nfor key in s3.keys('originals', ''): print('KEY', key)"
    said = own.manage("shell", "-v", "0", "-c", code)
    return {line.split()[1] for line in said.splitlines() if line.startswith("KEY")}


def test_the_signers_memory_comes_back_alone(story: Story, tmp_path: Path) -> None:
    own = story.own
    keys, state = tmp_path / "keys", tmp_path / "memory" / "state.sqlite"
    place: Any = {"BWV_KEYS": str(keys), "BWV_SIGNER_STATE": str(state)}
    words = ["restore", "--signer", "--from", str(story.signers), *own.passphrase]
    code, said = own.run(*words, "--check", **place)
    assert (code, keys.exists()) == (0, False), said
    code, said = own.run(*words, **place)
    assert code == 0, said
    assert {path.name for path in keys.iterdir()} == {
        "log.keyring", "log.seed", "log-mldsa.seed"
    }  # fmt: skip
    assert state.stat().st_mode & 0o777 == 0o600
    code, said = own.run(*words, **place)
    assert (code, "has a memory already" in said) == (1, True), said
