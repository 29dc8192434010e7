#!/usr/bin/env python3
"""bwv_verify.py: check a package of body-worn video evidence, offline, trusting nobody.

    python bwv_verify.py PACKAGE [--policy FILE] [--checkpoint FILE ...] [--json]

PACKAGE is the .zip or the folder it was unpacked to; the policy a trust file from another
source; a checkpoint one that you hold (FILE.proof beside it where one is needed). Python 3.9 or
newer, no library, no network. Exit 0: verified. 1: refuted. 2: can't tell. It checks
 1 the bag (RFC 8493): the files of a package and no others, each listed once, each SHA-256
 2 every event: canonical bytes (RFC 8785, strict profile), of this log
 3 its way to a signed root (RFC 6962, C2SP tlog-proof, Ed25519 signed notes, witnesses; the
   ML-DSA-44 lines are for bwv_mldsa44.py) by keys of the trust file (C2SP tlog-policy)
 4 every object's history: numbers 1 to N, each naming the one before by its hash, in order of
   time, the last of them this export
 5 the files in data/: those that this export names, with the bytes that the log received
 6 personal details that were disclosed: those that the events committed to
 7 checkpoints that you hold, or that were time-stamped: this log grew out of them
It can't show what happened before the dock read the file, or that the system told the truth.
VERIFY.md, bag-info.txt, keys/ and the programs in a package are not evidence: use your own copy.
"""
import argparse
import base64
import functools
import hashlib
import json
import re
import sys
import zipfile
from pathlib import Path

REFUTED, UNKNOWN = "refuted", "can't tell"
NUMBER = "(0|[1-9][0-9]{0,18})"

class Bad(Exception): """Something does not hold."""
class Unsure(Exception): """Something can't be decided."""
class Findings:
    """What was found: (kind, where, what), and facts worth showing."""
    def __init__(self):
        self.rows, self.facts = [], {}
    def add(self, kind, where, what):
        self.rows.append((kind, where, str(what)))
    def verdict(self):
        kinds = {kind for kind, _, _ in self.rows}
        code = 1 if REFUTED in kinds else 2 if UNKNOWN in kinds else 0
        return code, ("VERIFIED", "REFUTED", "CAN'T TELL")[code]

# --- hashes and trees (RFC 6962 section 2.1, RFC 9162 section 2.1) -------------------------
def sha256(data):
    return hashlib.sha256(data).digest()
def leaf_hash(data):
    return sha256(b"\0" + data)
def node_hash(left, right):
    return sha256(b"\1" + left + right)
def root_from_inclusion(index, size, leaf, path):
    """The root that an audit path leads to (RFC 9162 section 2.1.3.2)."""
    fn, sn, r = index, size - 1, leaf
    for p in path:
        if sn <= 0:
            raise Bad("the proof is too long")
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    if sn or not 0 <= index < size:
        raise Bad("the proof is too short, or for a smaller tree")
    return r
def check_consistency(old, new, old_root, new_root, path):
    """The tree of `new` begins with the tree of `old` (RFC 9162 section 2.1.4.2)."""
    if not 0 < old <= new:
        raise Bad(f"there is no proof from {old} to {new}")
    if old == new:
        if path or old_root != new_root:
            raise Bad("two trees of one size have different roots")
        return
    path = ([old_root] if old & (old - 1) == 0 else []) + path
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0] if path else b""
    for c in path[1:]:
        if sn == 0:
            raise Bad("the proof is too long")
        if fn & 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1
    if sn or fr != old_root or sr != new_root:
        raise Bad("the proof does not lead to both roots")

# --- canonical JSON (RFC 8785 in a strict profile), base64 ---------------------------------
def in_profile(value, depth=0):
    """Keys [a-z0-9_]{1,40}, arrays, strings, integers to 2^53-1, true, false, null; no floats."""
    if isinstance(value, dict):
        keys = all(re.fullmatch("[a-z0-9_]{1,40}", key) for key in value)
        return depth < 32 and keys and all(in_profile(item, depth + 1) for item in value.values())
    if isinstance(value, list):
        return depth < 32 and all(in_profile(item, depth + 1) for item in value)
    if isinstance(value, int) and not isinstance(value, bool):
        return abs(value) < 2**53
    return value is None or isinstance(value, (bool, str))
def canonical(data):
    """The object of canonical bytes; other bytes for the same object are refused."""
    try:
        value = json.loads(data.decode("utf-8"))
        again = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    except (ValueError, RecursionError) as error:
        raise Bad(f"it is not JSON: {error}") from None
    whole = isinstance(value, dict) and in_profile(value) and len(data) <= 16384
    if not whole or again.encode() != data:
        raise Bad("its bytes are not canonical JSON of the profile")
    return value
def unbase64(text, size=None):
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        raw = b""
    if base64.b64encode(raw).decode() != text or len(raw) != (size or len(raw) or -1):
        raise Bad("not canonical base64, or of another length")
    return raw

# --- Ed25519 (RFC 8032 section 5.1.7) ------------------------------------------------------
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)
def add(a, b):
    """Twisted Edwards addition in extended coordinates."""
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    c, d = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = f - e, d - c, d + c, f + e
    return e * f % P, g * h % P, f * g % P, e * h % P
def times(n, point):
    total = (0, 1, 1, 0)
    while n:
        if n & 1:
            total = add(total, point)
        point, n = add(point, point), n >> 1
    return total
def point(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    xx = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(xx, (P + 3) // 8, P)
    if x * x % P != xx:
        x = x * ROOT % P
    if y >= P or x * x % P != xx or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P
BASE = point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
@functools.lru_cache(maxsize=4096)
def ed25519(public, message, signature):
    if len(public) != 32 or len(signature) != 64:
        return False
    a, s = point(public), int.from_bytes(signature[32:], "little")
    if a is None or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    x, y, z, _ = add(times(s, BASE), times(k, (P - a[0], a[1], 1, P - a[3])))
    inverse = pow(z, P - 2, P)
    x, y = x * inverse % P, y * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little") == signature[:32]
# --- keys, signed notes, checkpoints, policies (C2SP, July 2026) ---------------------------
class Key:
    """`name+hex(id)+base64(type || key)` (signed-note)."""
    def __init__(self, text):
        parts = text.split("+", 2)
        if len(parts) != 3 or not parts[0] or re.search(r"\s", parts[0]):
            raise Bad("not a verifier key")
        self.text, self.name, raw = text, parts[0], unbase64(parts[2])
        self.kind, self.public = raw[0] if raw else 0, raw[1:]
        self.id = sha256(self.name.encode() + b"\n" + raw)[:4]
        if self.id.hex() != parts[1]:
            raise Bad(f"the key {self.name} has another id than its bytes give")
    def accepts(self, text, signature):
        """Is `signature` this key's over a note's text? None: this kind is not checked here."""
        if self.kind == 1:
            return ed25519(self.public, text.encode(), signature)
        if self.kind == 4:  # tlog-cosignature: eight bytes of time, then the signature
            message = f"cosignature/v1\ntime {int.from_bytes(signature[:8], 'big')}\n{text}"
            return ed25519(self.public, message.encode(), signature[8:])
        return None
def split_note(note):
    """(text, [(name, id, signature)]) of a signed note; the text ends at the last blank line."""
    at = note.rfind("\n\n")
    sound = note.endswith("\n") and not re.search(r"[\0-\x09\x0b-\x1f]", note)
    if at < 0 or not sound or note.count("\n", at + 2) > 100:
        raise Bad("not a signed note")
    found = []
    for line in note[at + 2 : -1].split("\n"):
        words = line.split(" ")
        if len(words) != 3 or words[0] != "\u2014" or not words[1] or "+" in words[1]:
            raise Bad("a signature line is malformed")
        raw = unbase64(words[2])
        found.append((words[1], raw[:4], raw[4:]))
    return note[: at + 1], found
def checkpoint_body(text):
    """(origin, size, root) of a checkpoint's text; extension lines are passed over."""
    lines = text.split("\n")
    if len(lines) < 4 or not all(lines[:-1]) or lines[-1] or not re.fullmatch(NUMBER, lines[1]):
        raise Bad("not a checkpoint")
    return lines[0], int(lines[1]), unbase64(lines[2], 32)

class Policy:
    """Whom to trust (tlog-policy); our comment `# range ID FROM UNTIL`: sizes a key may sign."""
    def __init__(self, text):
        self.logs, self.witnesses, self.groups, self.ranges, self.quorum = [], {}, {}, {}, None
        for line in text.split("\n"):
            words = line.split()
            if words[:2] == ["#", "range"] and len(words) == 5:
                end = float("inf") if words[4] == "-" else int(words[4])
                self.ranges[words[2].lower()] = (int(words[3]), end)
            elif not words or words[0].startswith("#"):
                continue
            elif words[0] == "log" and len(words) in (2, 3):
                self.logs.append(Key(words[1]))
            elif words[0] == "witness" and len(words) in (3, 4):
                self.witnesses[words[1]] = Key(words[2])
            elif words[0] == "group" and len(words) > 3:
                members = set(words[3:])
                count = {"all": len(words) - 3, "any": 1}.get(words[2]) or int(words[2])
                if not 0 < count <= len(members) == len(words) - 3 or not self.known(members):
                    raise Bad(f"the group {words[1]} can't be satisfied")
                self.groups[words[1]] = (count, members)
            elif words[0] == "quorum" and len(words) == 2 and self.quorum is None:
                self.quorum = words[1]
            else:
                raise Bad(f"the policy's line {line!r} is not understood")
        if not self.logs or not (self.quorum == "none" or self.known([self.quorum])):
            raise Bad("the policy names no log, or no quorum that it knows")
    def known(self, names):
        return all(name in self.witnesses or name in self.groups for name in names)
    def met(self, name, signed):
        if name in self.witnesses:
            return self.witnesses[name].text in signed
        count, members = self.groups[name]
        return sum(self.met(member, signed) for member in members) >= count
    @functools.lru_cache(maxsize=4096)
    def open(self, note):
        """(origin, size, root, quorum met) of a checkpoint that a trusted log key signed."""
        text, signatures = split_note(note)
        origin, size, root = checkpoint_body(text)
        keys = {(key.name, key.id): key for key in (*self.logs, *self.witnesses.values())}
        signed, logs = set(), 0
        for name, identifier, signature in signatures:
            key = keys.get((name, identifier))
            good = None if key is None else key.accepts(text, signature)
            if good is False:
                raise Bad(f"the signature of {name} is wrong")
            if good:
                signed.add(key.text)
        for key in self.logs:
            start, end = self.ranges.get(key.id.hex(), (0, float("inf")))
            logs += key.name == origin and key.text in signed and start <= size <= end
        if not logs:
            raise Bad("no log key that is trusted for a tree of this size signed it")
        return origin, size, root, self.quorum == "none" or self.met(self.quorum, signed)

# --- the bag (RFC 8493), as a folder or as one zip -----------------------------------------
FILES = re.compile(
    "data(/[A-Za-z0-9_-][A-Za-z0-9._-]*)+|(bagit|bag-info|(tag)?manifest-sha256)[.]txt|VERIFY[.]md|"
    "bwv_(verify|mldsa44)[.]py|custody/(events[.]jsonl|private[.]json|policy|keys/[a-z0-9.-]+|"
    "proofs/N[.]tlog-proof|checkpoints/N|consistency/N-N|timestamps/N[.]tsr)".replace("N", NUMBER))

class Folder:
    def __init__(self, path):
        self.names = {}
        for found in sorted(path.rglob("*")):
            if found.is_symlink() or not (found.is_file() or found.is_dir()):
                raise Bad(f"{found.name} is a link, or no file")
            if found.is_file():
                self.names[found.relative_to(path).as_posix()] = found
    def open(self, name):
        return self.names[name].open("rb")

class Zip:
    """A package as one file, in one exact form: files stored one after the other in one top
    folder, without dates or attributes, and at the end, as comment, a hash of all before."""
    def __init__(self, path):
        self.zip, self.names, place = zipfile.ZipFile(path), {}, 0
        found, size, odd = hashlib.sha256(), path.stat().st_size - 64, False
        with path.open("rb") as file:
            for offset in range(0, size, 1 << 20):
                found.update(file.read(min(size - offset, 1 << 20)))
            odd = file.read() != found.hexdigest().encode()
            for info in self.zip.infolist():
                own = zipfile.ZipInfo(info.filename, (1980, 1, 1, 0, 0, 0))
                own.CRC, own.file_size, own.compress_size = info.CRC, info.file_size, info.file_size
                header = own.FileHeader(info.file_size >= 1 << 31)
                file.seek(place)
                odd |= file.read(len(header)) != header or info.header_offset != place
                odd |= (info.date_time, info.external_attr, info.comment, info.compress_size) != (
                    (1980, 1, 1, 0, 0, 0), 0o100644 << 16, b"", info.file_size)
                odd |= info.extra[:2] not in (b"", b"\1\0") or len(info.extra) > 28
                name = info.filename.partition("/")[2]
                odd |= not FILES.fullmatch(name) or name in self.names
                place, self.names[name] = place + len(header) + info.file_size, info
        tops = {info.filename.partition("/")[0] for info in self.zip.infolist()} or {""}
        odd |= len(tops) != 1 or not re.fullmatch("[A-Z0-9-]+", min(tops))
        if odd or place != self.zip.start_dir:
            raise Unsure("was packed again, or damaged: unpack it and check the folder")
    def open(self, name):
        return self.zip.open(self.names[name])

class Package:
    """The bag's files, from either, and what they hash to."""
    def __init__(self, path):
        self.box = Folder(path) if path.is_dir() else Zip(path)
        self.digests = {}
    def has(self, name):
        return name in self.box.names
    def read(self, name):
        if not self.has(name):
            raise Bad(f"{name} is missing")
        with self.box.open(name) as file:
            return file.read()
    def text(self, name):
        return self.read(name).decode("utf-8")
    def below(self, folder):
        return sorted(name for name in self.box.names if name.startswith(folder))
    def digest(self, name):
        """(SHA-256, size), read in pieces."""
        found, size = hashlib.sha256(), 0
        with self.box.open(name) as file:
            for piece in iter(lambda: file.read(1 << 20), b""):
                found.update(piece)
                size += len(piece)
        return found.hexdigest(), size
def manifest(package, name):
    """{path: sha256} of a manifest in its one exact form: sorted, lower case, two spaces."""
    lines = package.text(name).split("\n")
    rows = {line[66:]: line[:64] for line in lines if re.fullmatch(r"[0-9a-f]{64}  .+", line)}
    again = "".join(f"{rows[path]}  {path}\n" for path in sorted(rows))
    if again != package.text(name) or not all(map(FILES.fullmatch, rows)):
        raise Bad(f"{name}: not in its exact form, or lists what is no file of a package")
    return rows
def check_bag(package, out):
    payload = manifest(package, "manifest-sha256.txt")
    tags = manifest(package, "tagmanifest-sha256.txt")
    listed = {**payload, **tags}
    sound = package.text("bagit.txt").startswith("BagIt-Version: ")
    if not sound or "tagmanifest-sha256.txt" in listed or "manifest-sha256.txt" not in tags:
        raise Bad("not a bag with its manifests")
    for name in sorted(set(package.box.names) - set(listed) - {"tagmanifest-sha256.txt"}):
        out.add(REFUTED, name, "is in the package and listed nowhere")
    for name, wanted in sorted(listed.items()):
        if name.startswith("data/") != (name in payload) or name in payload and name in tags:
            out.add(REFUTED, name, "is listed as what it is not")
        elif not package.has(name):
            out.add(REFUTED, name, "is listed and missing")
        else:
            package.digests[name] = package.digest(name)
            if package.digests[name][0] != wanted:
                out.add(REFUTED, name, "has another SHA-256 than the bag's manifest says")

# --- the log: events, proofs, histories, files, details --------------------------------------
def check_proof(text, leaf, policy):
    """(index, origin, size, root, quorum met) of a tlog-proof over a leaf."""
    head, blank, note = text.partition("\n\n")
    lines = head.split("\n")
    magic = lines.pop(0)
    if lines and lines[0].startswith("extra "):
        unbase64(lines.pop(0)[6:])
    numbered = lines and re.fullmatch("index " + NUMBER, lines[0])
    if not blank or magic != "c2sp.org/tlog-proof@v1" or not numbered:
        raise Bad("its proof is not a tlog-proof")
    index, path = int(lines[0][6:]), [unbase64(line, 32) for line in lines[1:]]
    origin, size, root, enough = policy.open(note)
    if root_from_inclusion(index, size, leaf, path) != root:
        raise Bad("it is not in the signed tree: it was changed, or never stood there")
    return index, origin, size, root, enough
def check_events(package, policy, out):
    """[(index, leaf, event)] in the order of the log; and the newest tree that they lead to."""
    lines = package.read("custody/events.jsonl").split(b"\n")
    if lines.pop() or not lines:
        raise Bad("custody/events.jsonl is empty or does not end in a line feed")
    proofs = {}
    for name in package.below("custody/proofs/"):
        number = re.fullmatch(f"custody/proofs/{NUMBER}[.]tlog-proof", name)
        if not number:
            raise Bad(f"{name} is not named after an index")
        proofs[int(number[1])] = package.text(name)
    if len(proofs) != len(lines):
        raise Bad(f"there are {len(lines)} events and {len(proofs)} proofs")
    found, trees, weak = [], set(), 0
    for (number, text), line in zip(sorted(proofs.items()), lines):
        try:
            event = canonical(line)
            index, origin, size, root, enough = check_proof(text, leaf_hash(line), policy)
            if (index, 1, origin) != (number, event.get("v"), event.get("log")):
                raise Bad(f"its log is {event.get('log')}, or its proof another's")
        except Bad as error:
            out.add(REFUTED, f"event {number}", error)
            continue
        trees.add((size, root, origin))
        weak += not enough
        found.append((number, leaf_hash(line), event))
    if weak:
        out.add(UNKNOWN, "checkpoint", f"{weak} events have no quorum of witnesses behind them")
    if len(trees) > 1:
        out.add(REFUTED, "checkpoint", "the proofs lead to more than one tree")
    return found, max(trees) if trees else None
def check_histories(events, out):
    """Numbers 1 to N, unbroken, in order of time, the last one the export."""
    heads, latest, seen = {}, "", set()
    for index, leaf, event in events:
        try:
            subject, time = event["object"], event["time"]
            kind = event["type"] if event["outcome"] == "ok" else "a try that failed"
            ref, seq, prev = subject["ref"], subject["seq"], subject["prev"]
            before = heads.get(ref, (0, None))
            if (seq, prev) != (before[0] + 1, before[1]):
                raise Bad(f"the history of {ref} is broken: number {seq} after number {before[0]}")
            dated = re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", time)
            if not dated or time < latest or event["id"] in seen:
                raise Bad("its time is no time or falls behind, or its id stands twice")
            seen.add(event["id"])
            heads[ref], latest = (seq, leaf.hex(), kind), time
        except (Bad, KeyError, TypeError) as error:
            out.add(REFUTED, f"event {index}", f"{type(error).__name__}: {error}")
    for ref, (seq, _, kind) in sorted(heads.items()):
        if kind != "evidence.exported":
            out.add(REFUTED, ref, f"its history does not end with this export, but with {kind}")
    out.facts["history until"] = latest
    out.facts["histories"] = [f"{ref}: 1 to {head[0]}" for ref, head in sorted(heads.items())]
def check_files(package, events, out):
    """Each payload file is of the object whose folder it is in, and they are all that the
    exports name. (An older log's exports name nothing: then each must be in the log.)"""
    known, last, here = {}, {}, []
    for _, _, event in events:
        subject, data, kind = event["object"], event.get("data", {}), event["type"]
        if kind == "evidence.received":
            known[subject["ref"], None, subject.get("sha256")] = subject.get("size")
        elif kind == "rendition.created":
            known[subject["ref"], "viewing/", data.get("sha256")] = data.get("size")
        elif kind == "evidence.exported":
            last[subject["ref"]] = data
    ours = any("objects" in data for data in last.values())
    for name in package.below("data/"):
        digest, size = package.digests[name]
        place = re.fullmatch("data/([^/]+)/(viewing/)?[^/]+", name)
        key = (place[1], place[2], digest) if place and ours else None
        if (known.get(key, -1) != size) if ours else (digest not in {found[2] for found in known}):
            out.add(REFUTED, name, "the log knows no such file of this object")
        here.append((place[1] if place else "", digest))
    named = sorted((ref, digest) for ref, data in last.items() for digest in data.get("files", []))
    for ref, digest in sorted(set(named) - set(here)):
        out.add(REFUTED, ref, f"a file that was exported is missing (SHA-256 {digest})")
    told = {(data.get("package"), *data.get("objects", [])) for data in last.values()}
    name = f"External-Identifier: {max(told)[0]}\n"
    if ours and (sorted(here) != named or len(told) > 1 or max(told)[1:] != tuple(sorted(last))
                 or name not in package.text("bag-info.txt")):
        out.add(REFUTED, "custody", "not the files and objects that were exported together")
    out.facts["package"], out.facts["files"] = str(max(told)[0]), package.below("data/")
def check_private(package, events, out):
    """Disclosed details open their commitments; what is not disclosed is counted."""
    private = json.loads(package.text("custody/private.json"))
    openings, counts = dict(private["openings"]), {"disclosed": 0, "erased": 0, "withheld": 0}
    exact = package.text("custody/private.json").rstrip("\n") == json.dumps(private, indent=1)
    if not exact or set(private) != {"openings", "erased"}:
        raise Bad("custody/private.json: not in its exact form")
    erased = {identifier for *_, event in events if event["type"] == "private.erased"
              for identifier in event.get("data", {}).get("events", [])}
    for index, _, event in events:
        commitment = event.get("private", {}).get("commit")
        opened = openings.pop(event["id"], None)
        if opened is not None:
            salt, body = bytes.fromhex(opened["salt"]), opened["body"].encode()
            if len(salt) != 32 or len(opened) != 2 or sha256(salt + body).hex() != commitment:
                out.add(REFUTED, f"event {index}", "its details are not those it committed to")
            counts["disclosed"] += 1
        elif commitment is not None:
            counts["erased" if event["id"] in erased else "withheld"] += 1
    for identifier in sorted(openings):
        out.add(REFUTED, f"details of {identifier}", "belong to no event of this package")
    out.facts["personal details"] = counts

# --- checkpoints held outside, and time-stamps -----------------------------------------------
def check_older(name, note, package, beside, policy, tree, out):
    """Did the tree of this package grow out of that checkpoint, or that one out of this?"""
    origin, size, root, _ = policy.open(note)
    (old, old_root), (new, new_root) = sorted([(size, root), tree[:2]])
    inside = f"custody/consistency/{old}-{new}"
    if origin != tree[2]:
        raise Bad("it is of another log")
    if beside is None and old != new and not package.has(inside):
        out.add(UNKNOWN, name, f"ask for `custody consistency {old} {new}`, for FILE.proof")
        return
    proof = beside if beside is not None else package.text(inside) if old != new else ""
    check_consistency(old, new, old_root, new_root, [unbase64(line, 32) for line in proof.split()])
    out.facts.setdefault("agrees with", []).append(f"the checkpoint of {size} events ({name})")
def der(data, at=0):
    """(tag, value, next place) of one DER element."""
    tag, length, at = data[at], data[at + 1], at + 2
    if length & 128:
        count = length & 127
        length, at = int.from_bytes(data[at : at + count], "big"), at + count
    return tag, data[at : at + length], at + length
def stamped(response):
    """(imprint, time) that an RFC 3161 response states. Its signature is openssl's to check."""
    try:
        at = response.index(bytes.fromhex("060b2a864886f70d0109100104"))  # id-ct-TSTInfo
        info, place, fields = der(der(der(response, at + 13)[1])[1])[1], 0, []
        while place < len(info):
            tag, value, place = der(info, place)
            fields.append((tag, value))
        imprint = der(fields[2][1], der(fields[2][1])[2])[1]
        time = next(value for tag, value in fields[3:] if tag == 0x18).decode("ascii")
        return imprint, re.fullmatch(r"\d{14}(\.\d+)?Z", time)[0]
    except (ValueError, IndexError, StopIteration, TypeError):
        raise Bad("it is not a time-stamp") from None
def check_anchors(package, policy, tree, held, out):
    for name in package.below("custody/checkpoints/"):
        note, stamp = package.text(name), f"custody/timestamps/{name.rpartition('/')[2]}.tsr"
        try:
            check_older(name, note, package, None, policy, tree, out)
            if name.rpartition("/")[2] != note.split("\n")[1]:
                raise Bad("it is named after another size")
            if package.has(stamp):
                imprint, time = stamped(package.read(stamp))
                if imprint != sha256(split_note(note)[0].encode()):
                    raise Bad("its time-stamp is over other bytes")
                out.facts.setdefault("time-stamps", []).append(
                    f"{name} claims {time}; NOT CHECKED here, VERIFY.md says how openssl does")
        except Bad as error:
            out.add(REFUTED, name, error)
    for path in held:
        beside = Path(f"{path}.proof")
        try:
            proof = beside.read_text(encoding="utf-8") if beside.exists() else None
            check_older(str(path), path.read_text("utf-8"), package, proof, policy, tree, out)
        except Bad as error:
            out.add(REFUTED, str(path), f"this log does not agree with it: {error}")

# --- all of it ---------------------------------------------------------------------------------
def verify(path, trust, held):
    """Findings about one package. `trust`: a policy file from elsewhere, or None."""
    out, policy = Findings(), None
    try:
        policy = Policy(trust.read_text(encoding="utf-8")) if trust else None
    except (OSError, ValueError, Bad) as error:
        out.add(UNKNOWN, str(trust), f"can't be read as a policy: {error}")
        return out
    try:
        package = Package(path)
        check_bag(package, out)
        if not package.has("custody/events.jsonl"):
            out.add(UNKNOWN, "custody", "this is a bag, but not a package of this system")
            return out
        policy = policy or Policy(package.text("custody/policy"))
        keys = (*policy.logs, *policy.witnesses.values())
        out.facts["keys"] = [f"{key.name} {key.id.hex()}" for key in keys]
        if trust is None:
            out.add(UNKNOWN, "keys", "are the package's own word: get the trust file another way, "
                    "and give it with --policy")
        events, tree = check_events(package, policy, out)
        check_histories(events, out)
        if out.verdict()[0] != 1:
            check_files(package, events, out)
            check_private(package, events, out)
        if tree:
            out.facts["checkpoint"] = f"{tree[2]}, {tree[0]} events, root {tree[1].hex()}"
            check_anchors(package, policy, tree, held, out)
    except Bad as error:
        out.add(REFUTED, str(path), error)
    except (Unsure, OSError, zipfile.BadZipFile, NotImplementedError) as error:
        out.add(UNKNOWN, str(path), error)
    except Exception as error:  # noqa: BLE001 - whatever a forger wrote, it is not "verified"
        out.add(REFUTED, str(path), f"is malformed: {type(error).__name__}: {error}")
    return out
def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("package", type=Path)
    parser.add_argument("--policy", type=Path, help="the trust file, from another source")
    parser.add_argument("--checkpoint", type=Path, action="append", default=[], metavar="FILE")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    out = verify(options.package, options.policy, options.checkpoint)
    code, verdict = out.verdict()
    if options.json:
        rows = [dict(zip(("kind", "where", "what"), row)) for row in out.rows]
        print(json.dumps({"verdict": verdict, "exit": code, "findings": rows, "facts": out.facts}))
        return code
    lines = [f"{name}: {item}" for name, value in out.facts.items()
             for item in (value if isinstance(value, list) else [value])]
    lines += [f"{kind.upper()}: {where}: {what}" for kind, where, what in out.rows]
    for line in (*lines, f"{verdict}: {options.package}"):
        print(re.sub("[^ -~]", "?", line))
    print("This says nothing of what happened before the dock read the file.")
    return code

if __name__ == "__main__":
    sys.exit(main())
