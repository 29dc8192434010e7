#!/usr/bin/env python3
"""redraw.py: draw a sample of body-worn video again, trusting nobody.

    python redraw.py EXPORT.json [--commitment HEX] [--frames HEX] [--result HEX]

EXPORT.json is the file that a plan's page gives out. The three values are what you have from the
custody log (the events sample.committed and sample.drawn of the plan), by a copy of your own or a
package that you checked with bwv_verify.py: without them this shows only that the file agrees
with itself. Python 3.9 or newer, no library, no network. Exit 0: the same sample. 1: not the same.
What it can't show: that the frames hold all the footage that there was. Their digest has stood in
the log since the draw, and each recording stands there since it was docked.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from typing import Any


def sha256(data: bytes) -> str:
    """In hex."""
    return hashlib.sha256(data).hexdigest()


def lines(texts: list[str]) -> str:
    """SHA-256 of lines, each ended by a line feed."""
    return sha256("".join(text + "\n" for text in texts).encode("ascii"))


def draw(seed: bytes, references: list[str], count: int) -> list[str]:
    """The rule: by SHA-256 of the seed, a zero byte and the reference; the first ones."""
    return sorted(
        set(references), key=lambda one: (sha256(seed + b"\0" + one.encode("ascii")), one)
    )[:count]


def check(export: dict[str, Any], log: dict[str, str]) -> list[tuple[str, bool]]:
    """What has to hold, and whether it does."""
    plan, seed = export["plan"], bytes.fromhex(export["seed"])
    canonical = json.dumps(plan, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    strata = sorted(export["strata"], key=lambda one: str(one["key"]))
    keys = {
        "{}/{}/{}".format(unit["id"], month, kind["code"])
        for unit in plan["units"] for month in months(plan["start"], plan["end"])
        for kind in plan["kinds"]
    }  # fmt: skip
    frames = lines([
        "{} {} {}".format(one["key"], len(one["references"]), lines(sorted(one["references"])))
        for one in strata
    ])  # fmt: skip
    drawn = {one["key"]: draw(seed, one["references"], plan["each"]) for one in strata}
    result = lines([
        f"{key} {place} {reference}"
        for key in sorted(drawn) for place, reference in enumerate(drawn[key], 1)
    ])  # fmt: skip
    committed = sha256(seed + canonical)
    found = [
        ("the rule is the one that this program follows", export["format"] == "bwv-sample-1"),
        ("the seed has 32 bytes", len(seed) == 32),
        ("the plan is the committed one", sha256(canonical) == export["plan_sha256"]),
        ("seed and plan give the commitment", committed == export["commitment"]),
        ("every stratum of the plan is there, once",
         keys == set(drawn) and len(drawn) == len(strata)),
        ("each frame is the one that was written down",
         all(lines(sorted(one["references"])) == one["sha256"] for one in strata)),
        ("all frames together too", frames == export["frames_sha256"]),
        ("the sample drawn again is the same",
         all(drawn[one["key"]] == one["drawn"] for one in strata)),
        ("and is the one that was written down", result == export["result_sha256"]),
    ]  # fmt: skip
    mine = {"commitment": committed, "frames": frames, "result": result}
    found += [(f"{name}: the log says the same", log[name] == mine[name]) for name in sorted(log)]
    return found


def months(start: str, end: str) -> list[str]:
    """The months from one day to another."""
    year, month = int(start[:4]), int(start[5:7])
    found = []
    while f"{year:04}-{month:02}" <= end[:7]:
        found.append(f"{year:04}-{month:02}")
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return found


def main() -> int:
    """Say what holds; 0 when all of it does."""
    parser = argparse.ArgumentParser(description="Draw a sample again and compare.")
    parser.add_argument("export")
    for name in ("commitment", "frames", "result"):
        parser.add_argument(f"--{name}", metavar="HEX")
    options = parser.parse_args()
    log = {
        name: getattr(options, name).strip().lower()
        for name in ("commitment", "frames", "result") if getattr(options, name)
    }  # fmt: skip
    try:
        with open(options.export, encoding="utf-8") as file:
            found = check(json.load(file), log)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        sys.stdout.write(f"NOT THE SAME: this is no export that can be read ({error!r})\n")
        return 1
    for words, good in found:
        sys.stdout.write(f"{'yes' if good else 'NO '}  {words}\n")
    same = all(good for _, good in found)
    missing = [name for name in ("commitment", "frames", "result") if name not in log]
    if same and missing:
        sys.stdout.write(f"Not compared with the log: {', '.join(missing)}\n")
    sys.stdout.write("THE SAME SAMPLE\n" if same else "NOT THE SAME\n")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
