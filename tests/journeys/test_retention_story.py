"""What nothing keeps any more goes: by two people, by a rule, never by accident; all of it counted.

An evidence manager and a second person, over the running system: workers, store, log.
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from tests import damage
from tests.journeys.conftest import say_why
from tests.journeys.keeping import (
    Keeping,
    SignIn,
    ago,
    cameras,
    looked_at,
    people,
    picture,
    post,
    press,
    refused,
    sent,
    told,
)
from tests.live import PREFIX, Live

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1500)]
ARRESTS, QUIET, FORCE, WRONG = "BWC-000311", "BWC-000312", "BWC-000313", "BWC-000314"
RULE = "Arrest: kept by its case; without a case 31 days"
SECONDS = "SELECT id FROM recordings_recording WHERE reference = %s"

# Everything that the store has or had of these recordings.
KEYS = """
import json
from evidence.recordings.models import Original, Rendition
rows = Original.objects.filter(recording__reference__in={references!r})
print(json.dumps({{
    "originals": [[row.reference, row.key, row.sha256, row.version_id] for row in rows],
    "renditions": list(Rendition.objects.filter(original__in=rows).values_list("key", flat=True)),
}}))
"""
# What the store lists below these keys, every version and marker of it.
LISTED = """
import json
from evidence.store import s3
found = []
for alias, keys in {keys!r}.items():
    for key in keys:
        found += [[alias, one.key, one.version_id] for one in s3.versions(alias, key)]
print(json.dumps(found))
"""
# The days go by: what can still be restored of this batch goes from now on.
DAYS_GO_BY = """
from datetime import timedelta
from django.utils import timezone
from evidence.retention.models import Batch, Item
past = timezone.now() - timedelta(minutes=1)
Item.objects.filter(batch__reference={batch!r}, state="leaving",
                    recording__reference__in={references!r}).update(goes_at=past)
Batch.objects.filter(reference={batch!r}).update(goes_at=past)
"""
# Somebody with the store's own keys, behind the system's back; past a GOVERNANCE lock.
TAKEN = """
from evidence.recordings.models import Original
from evidence.store import s3
row = Original.objects.get(recording__reference={reference!r})
s3.client().delete_object(Bucket=s3.bucket("originals"), Key=row.key, VersionId=row.version_id,
                          BypassGovernanceRetention=True)
"""
BYTES = """
import base64
from evidence.recordings.models import Original
from evidence.store import s3
row = Original.objects.get(recording__reference={reference!r})
print(base64.b64encode(b"".join(s3.read("originals", row.key, row.version_id))).decode())
"""
# Eight weeks of a small force, so that the chart has something to show.
WEEKS = """
from datetime import timedelta
from django.utils import timezone
from ingest.accounting.models import Flow
today = timezone.localdate()
for day in range(1, 57):
    came, went = 38 + day * 7 % 11, 21 + day * 5 % 17
    Flow.objects.update_or_create(day=today - timedelta(days=day), defaults={{
        "files_in": came * 2, "bytes_in": came * 10**4, "files_gone": went * 2,
        "bytes_gone": went * 10**4}})
"""
# It was not read for three days: it is the one that is read next.
UNREAD = """
from datetime import timedelta
from django.utils import timezone
from evidence.fixity.tasks import sweep
from evidence.recordings.models import Original
Original.objects.filter(recording__reference={reference!r}).update(
    checked_at=timezone.now() - timedelta(days=3))
sweep.delay()
"""


@pytest.fixture(scope="module")
def story(live: Live, tmp_path_factory: Any, sessions: dict[str, list[str]]) -> Keeping:
    """An officer of their own, four cameras, a dock."""
    people(live, sessions)
    cameras(live, ARRESTS, QUIET, FORCE, WRONG)
    made = Keeping(live, tmp_path_factory.mktemp("keeping"))
    live.enrol(made.folder / "state", "STORY-02")
    return made


def keys_of(story: Keeping, references: list[str]) -> dict[str, Any]:
    return dict(json.loads(story.run(KEYS.format(references=references)).splitlines()[-1]))


def listed(story: Keeping, keys: dict[str, Any]) -> list[Any]:
    """What of these the store still lists."""
    wanted = {
        "originals": [row[1] for row in keys["originals"]], "renditions": keys["renditions"],
    }  # fmt: skip
    return list(json.loads(story.run(LISTED.format(keys=wanted)).splitlines()[-1]))


def state_of(story: Keeping, reference: str) -> str | None:
    """How far a recording is on its way out."""
    found: str | None = story.one(
        "SELECT state FROM retention_item WHERE recording_id = "
        "(SELECT id FROM recordings_recording WHERE reference = %s) ORDER BY id DESC LIMIT 1",
        reference,
    )
    return found


def quiet(complaints: list[str]) -> list[str]:
    """What a browser complained of, but for the refusals that a story provokes, and pages of
    what is gone."""
    return [text for text in complaints if not re.search(r"\b(422|410)\b", text)]


# --- two people -------------------------------------------------------------------
def test_two_people_let_go_and_one_comes_back(story: Keeping, live: Live, sign_in: SignIn) -> None:
    references = story.card(ARRESTS, [ago(75, hour) for hour in (10, 11, 12)])
    story.aged(*((one, 75, "arrest") for one in references))
    keys = keys_of(story, references)
    assert len(keys["originals"]) == 3
    assert len(listed(story, keys)) >= 6
    finch = sign_in("finch").page
    ended = sent(finch, story.url(f"/footage/{references[0]}/"))
    assert ended.startswith("410\n")
    assert "This footage is not shown any more" in ended

    story.worker("sweep_due")
    live.wait(lambda: story.one(
        "SELECT count(*) FROM retention_due d JOIN recordings_recording r ON r.id = d.recording_id "
        "WHERE r.camera = %s", ARRESTS) == 3, "the due list")  # fmt: skip
    reed, price = sign_in("reed"), sign_in("price")
    batch = propose(story, reed.page, references)
    agree(story, price.page, batch)
    kept = restore_one(story, reed.page, batch, references)
    gone = [one for one in references if one != kept]
    destroyed(story, reed.page, batch, gone, keys)
    accounted(live, gone, keys)
    certificate(reed.page, story.url(f"/retention/{batch}/"), gone, keys)
    left(story, reed.page, gone[0], keys)
    assert sent(finch, story.url(f"/footage/{references[0]}/")) == ended
    assert quiet(reed.complaints) == []
    assert quiet(price.complaints) == []


def propose(story: Keeping, page: Page, references: list[str]) -> str:
    """Grounds, number, bytes and examples; the dry run; with a reason, and not alone."""
    page.goto(story.url("/admin/"))
    looked_at(page, "01-back-office")
    picture(page, "manager", 760)
    page.get_by_role("link", name="Due", exact=True).first.click()
    group = page.locator("section", has=page.locator("#now")).locator("li", has_text=RULE)
    expect(group).to_contain_text("3 recordings")
    expect(group).to_contain_text("CPIA Code of Practice")
    for one in references:
        expect(group).to_contain_text(one)
    looked_at(page, "02-due")
    picture(page, "due")
    group.get_by_role("link", name=re.compile("^The list")).press("Enter")
    for one in references:
        expect(page.locator("tbody")).to_contain_text(one)
    looked_at(page, "03-due-list")
    page.get_by_role("button", name="Propose").press("Enter")
    told(page, "3 recordings", "viewing copies, stills and the like")
    page.locator("#most").fill("2")
    page.keyboard.press("Enter")
    told(page, "2 recordings, ")
    page.locator("#most").fill("5000")
    page.keyboard.press("Enter")
    told(page, "3 recordings")
    press(page, "Propose")
    refused(page, "Enter why it may go")
    looked_at(page, "04-dry-run")
    page.locator("#reason").fill("No case came of it; 31 days are over")
    press(page, "Propose")
    told(page, "A different person has to approve this.", "Waits for a second person")
    looked_at(page, "05-proposed")
    batch = str(story.one("SELECT reference FROM retention_batch b WHERE EXISTS (SELECT 1 FROM "
                          "retention_item i JOIN recordings_recording r ON r.id = i.recording_id "
                          "WHERE i.batch_id = b.id AND r.reference = %s)", references[0]))  # fmt: skip
    assert page.locator("[name=decision]").count() == 0
    answer = post(page, story.url(f"/retention/{batch}/decide/"), decision="approve", reason="Mine")
    assert answer.status == 422
    assert "A different person has to approve this." in answer.text()
    assert state_of(story, references[0]) == "proposed"
    return batch


def agree(story: Keeping, page: Page, batch: str) -> None:
    """The second person comes by the card on their first page, and decides by keyboard."""
    page.goto(story.url("/admin/"))
    looked_at(page, "05-second-persons-office")
    page.get_by_role("link", name=re.compile("Disposals that wait for a second person")).click()
    looked_at(page, "06-waiting")
    page.get_by_role("link", name=batch).press("Enter")
    told(page, "No case came of it; 31 days are over")
    press(page, "Save")
    refused(page, "Select whether it may go")
    page.locator("#decision").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    looked_at(page, "07-decide")
    page.locator("#reason").focus()
    page.keyboard.type("Looked at the list: no case, no complaint, no request")
    page.keyboard.press("Enter")
    told(page, "Approved. It can be restored until", "7 days left to restore")
    looked_at(page, "08-approved")


def restore_one(story: Keeping, page: Page, batch: str, references: list[str]) -> str:
    """By one click and a reason; a fresh period begins, and is said to."""
    page.goto(story.url("/retention/"))
    told(page, "7 days left to restore")
    looked_at(page, "09-on-its-way")
    page.get_by_role("link", name=batch).first.press("Enter")
    kept = references[1]
    row = page.locator("tr", has_text=kept)
    row.locator("summary").focus()
    page.keyboard.press("Enter")
    picture(page, "batch", 1000)
    row.get_by_role("button").press("Enter")
    refused(page, "Enter why it is kept")
    row = page.locator("tr", has_text=kept)
    if not row.locator("input[name=reason]").is_visible():
        row.locator("summary").press("Enter")
    row.locator("input[name=reason]").fill("Asked for by the coroner's officer this morning")
    page.keyboard.press("Enter")
    until = timezone.localtime() + timedelta(days=31)
    told(page, f"{kept} is restored. A fresh period runs until", f"{until:%-d %b %Y}")
    looked_at(page, "10-restored")
    page.goto(story.url(f"/footage/{kept}/"))
    say_why(page)
    expect(page.locator("section", has=page.locator("#kept"))).to_contain_text("a fresh period")
    assert state_of(story, kept) == "restored"
    return kept


def destroyed(
    story: Keeping, page: Page, batch: str, gone: list[str], keys: dict[str, Any]
) -> None:
    """Its days over, the worker destroys it; the store has nothing of it, and all of the other."""
    story.run(DAYS_GO_BY.format(batch=batch, references=gone))
    story.live.wait(lambda: [state_of(story, one) for one in gone] == ["gone", "gone"], "the end")
    story.live.wait(lambda: story.one(
        "SELECT state FROM retention_batch WHERE reference = %s", batch) == "done", "the batch")  # fmt: skip
    page.goto(story.url(f"/retention/{batch}/"))
    told(page, "Done", "Disposed of: 2", "Restored: 1")
    looked_at(page, "11-done")
    left_of_it = {row[1] for row in listed(story, keys)}
    ids = {row[1]: row[0] for row in keys["originals"]}
    there = {ids[key] for key in left_of_it if key in ids}
    assert len(there) == 1
    [original] = [key for key, reference in ids.items() if reference in there]
    upload = original.rsplit("/", 1)[-1]
    assert {key for key in left_of_it if not key.startswith(f"{upload}/")} == {original}


def accounted(live: Live, gone: list[str], keys: dict[str, Any]) -> None:
    """The count and the log have nothing to say against it."""
    names = [*gone, *(row[1] for row in keys["originals"]), *keys["renditions"]]
    found = live.manage("reconcile", "--json", check=False)
    assert json.loads(found.splitlines()[-1])["states"]
    assert [name for name in names if name in found] == []
    verified = live.manage("custody", "verify", "--json", check=False)
    assert [name for name in names if f'"{name}"' in verified] == [], verified[-2000:]


def certificate(page: Page, address: str, gone: list[str], keys: dict[str, Any]) -> None:
    """The paper, opened: fingerprints, names, the rule, and nothing of what was restored."""
    page.goto(address)
    with page.expect_download() as coming:
        page.get_by_role("button", name="Download the certificate of disposal").press("Enter")
    reader = PdfReader(coming.value.path())
    text = "\n".join(one.extract_text() for one in reader.pages)
    tight = re.sub(r"\s", "", text)
    words = " ".join(text.split())
    for one in ("Certificate of disposal", RULE, "Supt 301 Price", "2210 Reed",
                "No case came of it", "Looked at the list", "2 recordings"):  # fmt: skip
        assert one in words, (one, words)
    with_prints = [row[2] for row in keys["originals"] if row[2] in tight]
    assert len(with_prints) == 2


def left(story: Keeping, page: Page, reference: str, keys: dict[str, Any]) -> None:
    """Its page tells the manager what it was, and who let go of it."""
    answer = page.goto(story.url(f"/footage/{reference}/"))
    assert answer
    assert answer.status == 410
    told(page, "This footage was disposed of", RULE, "Supt 301 Price approved it")
    page_of_it = page.content()
    assert [row for row in keys["originals"] if row[2] in page_of_it]
    looked_at(page, "12-what-is-left")
    picture(page, "disposed", 900)
    page.goto(story.url("/retention/disposed/"))
    told(page, reference)
    looked_at(page, "13-disposed")


# --- by rule ----------------------------------------------------------------------
def test_a_rule_lets_go_and_nobody_pressed_anything(
    story: Keeping, live: Live, sign_in: SignIn
) -> None:
    [reference] = story.card(QUIET, [ago(25, 9)])
    story.aged((reference, 25.5, "non-evidential"))
    keys = keys_of(story, [reference])
    story.worker("sweep_due")
    live.wait(lambda: state_of(story, reference) == "leaving", "its release")
    batch = str(story.one(
        "SELECT b.reference FROM retention_batch b JOIN retention_item i ON i.batch_id = b.id "
        "JOIN recordings_recording r ON r.id = i.recording_id WHERE r.reference = %s", reference,
    ))  # fmt: skip
    # Its window lies before its end: what is kept 31 days is gone when they are over.
    goes, ends = (story.one(query, reference) for query in (
        "SELECT i.goes_at FROM retention_item i JOIN recordings_recording r "
        "ON r.id = i.recording_id WHERE r.reference = %s",
        "SELECT kept_until FROM recordings_recording WHERE reference = %s",
    ))  # fmt: skip
    assert goes == ends
    assert timezone.now() < goes < timezone.now() + timedelta(days=7)
    reed = sign_in("reed")
    page = reed.page
    page.goto(story.url(f"/retention/{batch}/"))
    told(page, "By the rule", "Non-evidential: kept 31 days")
    expect(page.locator("tr", has_text=reference)).to_contain_text("Can still be restored")
    looked_at(page, "14-by-rule")
    # Its last days go by.
    story.aged((reference, 32, "non-evidential"))
    story.run(DAYS_GO_BY.format(batch=batch, references=[reference]))
    live.wait(lambda: state_of(story, reference) == "gone", "its end")
    assert listed(story, keys) == []
    page.goto(story.url(f"/retention/{batch}/"))
    expect(page.locator("tr", has_text=reference)).to_contain_text("Disposed of")
    answer = page.goto(story.url(f"/footage/{reference}/"))
    assert answer
    assert answer.status == 410
    told(page, "The rule", "Non-evidential: kept 31 days")
    accounted(live, [reference], keys)
    assert quiet(reed.complaints) == []


# --- rules ------------------------------------------------------------------------
def test_a_rule_is_changed_by_two_people_and_so_is_what_is_held(
    story: Keeping, live: Live, sign_in: SignIn
) -> None:
    [reference] = story.card(FORCE, [ago(80, 15)])
    story.aged((reference, 80, "use-of-force"))
    reed, price = sign_in("reed"), sign_in("price")
    page, other = reed.page, price.page
    page.goto(story.url("/admin/"))
    page.get_by_role("link", name="Rules", exact=True).first.click()
    looked_at(page, "20-rules")
    page.get_by_role("link", name="Use of force").press("Enter")
    page.get_by_role("button", name="Propose another version").press("Enter")
    page.locator("#days").fill("60 days")
    page.locator("#source").fill("Force policy 12/2026, section 4")
    page.locator("#reason").fill("Reviews of force are over after six weeks")
    press(page, "Propose")
    expect(page.locator(".govuk-error-summary")).to_be_visible()
    looked_at(page, "21-rule-refused")
    assert page.locator("#source").input_value() == "Force policy 12/2026, section 4"
    page.locator("#days").fill("60")
    press(page, "Propose")
    told(page, "Proposed. It is in force when somebody else has agreed.")
    assert page.get_by_role("button", name="Agree or refuse").count() == 0
    looked_at(page, "22-rule-proposed")

    rule = story.url("/retention/rules/use-of-force/")
    other.goto(story.url("/admin/"))
    looked_at(other, "23-second-person")
    other.goto(rule)
    other.get_by_role("button", name="Agree or refuse").press("Enter")
    looked_at(other, "24-rule-decide")
    other.locator("#reason").fill("Agreed with the force's lawyers")
    press(other, "Agree")
    told(other, "In force from now on")

    page.goto(rule)
    page.get_by_role("button", name="Propose for what is held").press("Enter")
    changes = page.locator("table", has_text="Recordings now")
    for words in ("Kept shorter", "Due at once"):
        count = changes.locator("tr", has_text=words).locator("td").first.inner_text()
        assert int(count) >= 1, words
    told(page, reference)
    looked_at(page, "25-held")
    page.locator("#reason").fill("The same for what we have")
    press(page, "Propose")
    told(page, "Nothing changes until somebody else has agreed.")
    assert page.get_by_role("button", name="See what it does, and decide").count() == 0
    kept = "SELECT kept_until FROM recordings_recording WHERE reference = %s"
    before = story.one(kept, reference)
    assert before > timezone.now() + timedelta(days=200)

    other.goto(rule)
    other.get_by_role("button", name="See what it does, and decide").press("Enter")
    told(other, "Recordings as shown", reference, "The same for what we have")
    looked_at(other, "26-held-decide")
    picture(other, "rule-held", 900)
    assert story.one(kept, reference) == before
    other.locator("#reason").fill("Seen what goes")
    press(other, "Agree")
    told(other, "Agreed. Workers settle it now")
    live.wait(lambda: story.one(kept, reference) != before, "the worker")
    # Nothing ends at once by a change.
    assert timezone.now() + timedelta(days=6) < story.one(kept, reference)
    assert story.one(kept, reference) < timezone.now() + timedelta(days=8)
    other.goto(rule)
    looked_at(other, "27-rule-versions")
    page.goto(story.url(f"/footage/{reference}/"))
    say_why(page)
    told(page, "Its rule was changed: nothing goes at once because of that.")
    assert quiet(reed.complaints) == []
    assert quiet(price.complaints) == []


# --- what was taken, what was changed ---------------------------------------------
def test_what_is_taken_or_changed_behind_our_back_is_found(
    story: Keeping, live: Live, sign_in: SignIn
) -> None:
    taken, changed = story.card(WRONG, [ago(5, 8), ago(5, 9)])
    keys = {row[0]: row for row in keys_of(story, [taken, changed])["originals"]}
    one, other = keys[_original(story, taken)], keys[_original(story, changed)]
    story.run(TAKEN.format(reference=taken))
    reed = sign_in("reed")
    page = reed.page
    count(story, page, one)
    whole = damaged(story, page, changed, other)
    mended(story, page, changed, other, whole)
    assert quiet(reed.complaints) == []


def _original(story: Keeping, recording: str) -> str:
    return str(story.one(
        "SELECT o.reference FROM recordings_original o JOIN recordings_recording r "
        "ON r.id = o.recording_id WHERE r.reference = %s", recording))  # fmt: skip


def count(story: Keeping, page: Page, taken: list[str]) -> None:
    """Counted again, what somebody took away is missing; the page says what to do."""
    page.goto(story.url("/admin/"))
    page.get_by_role("link", name="Accounting", exact=True).first.click()
    press(page, "Count again")
    told(page, "Counting has begun.")
    story.live.wait(lambda: story.one(
        "SELECT count(*) FROM accounting_run WHERE state = 'running'") == 0, "the count")  # fmt: skip
    page.goto(story.url("/accounting/?kind=missing"))
    row = page.locator(".acc-findings li", has_text=taken[0])
    expect(row).to_be_visible()
    expect(row).to_contain_text("Look")
    told(page, "not all there as they should be")
    looked_at(page, "30-accounting")
    picture(page, "accounting", 900)
    story.run(WEEKS.format())
    page.goto(story.url("/storage/"))
    expect(page.locator("svg.acc-chart")).to_be_visible()
    looked_at(page, "31-storage")
    picture(page, "storage", 900)


def damaged(story: Keeping, page: Page, changed: str, row: list[str]) -> bytes:
    """One bit of the other turns: the next reading finds it, and it is shown to nobody."""
    import base64

    whole = base64.b64decode(story.run(BYTES.format(reference=changed)).splitlines()[-1])
    overwrite(row, damage.flipped(whole))
    story.run(UNREAD.format(reference=changed))
    number = "SELECT id FROM fixity_damage WHERE reference = %s"
    story.live.wait(lambda: story.one(number, row[0]), "the reading")
    page.goto(story.url("/fixity/"))
    looked_at(page, "32-fixity")
    picture(page, "fixity", 900)
    page.get_by_role("link", name=row[0]).press("Enter")
    told(page, row[2], "Other bytes", "With a replica it is restored by itself")
    looked_at(page, "33-damage")
    page.goto(story.url(f"/footage/{changed}/"))
    say_why(page)
    told(page, "The stored file no longer matches its fingerprint.", "Ask the evidence manager.")
    assert page.locator("video").count() == 0
    looked_at(page, "34-refused-player")
    page.goto(story.url("/admin/"))
    told(page, f"Alarm: original of {row[0]}: Other bytes (live-originals/")
    looked_at(page, "35-warnings")
    page.get_by_role("link", name="Alarms", exact=True).first.click()
    told(page, row[0])
    looked_at(page, "36-alarms")
    return bytes(whole)


def mended(story: Keeping, page: Page, changed: str, row: list[str], whole: bytes) -> None:
    """Put back from elsewhere, read again, and lifted with a reason: it plays again."""
    overwrite(row, whole)
    number = story.one("SELECT id FROM fixity_damage WHERE reference = %s", row[0])
    page.goto(story.url(f"/fixity/{number}/"))
    told(page, "It can be lifted when a reading matches its fingerprint.")
    press(page, "Read it again")
    story.run("from evidence.fixity.tasks import sweep\nsweep.delay()")
    story.live.wait(lambda: story.one(
        "SELECT found_sha256 = expected_sha256 FROM fixity_damage WHERE id = %s", number),
        "the second reading")  # fmt: skip
    page.goto(story.url(f"/fixity/{number}/"))
    press(page, "Lift")
    expect(page.locator("#reason-error")).to_be_visible()
    page.locator("#reason").fill("Put back from the tape of last night")
    press(page, "Lift")
    told(page, "Lifted. The file is shown as evidence again.")
    looked_at(page, "37-mended")
    page.goto(story.url(f"/footage/{changed}/"))
    say_why(page)
    expect(page.locator("video")).to_have_count(1)
    page.goto(story.url("/admin/"))
    expect(page.locator("body")).not_to_contain_text(f"Alarm: original of {row[0]}")


def overwrite(row: list[str], data: bytes) -> None:
    """Other bytes under the same version, below the store's S3 door."""
    damage.overwrite("originals", row[1], row[3], data, bucket=f"{PREFIX}-originals")
