"""Whom a reader trusts: C2SP tlog-policy files.

`log <vkey> [url]`, `witness <name> <vkey> [url]`, `group <name> all|any|<k> <members…>`,
`quorum <name>|none`; `#` begins a comment. One comment is ours and may be ignored:
`# range <key id> <from> <until>`, the tree sizes that a rotated key may sign (`-`: open).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from .keys import NoteError, VerifierKey

_RANGE = re.compile(r"# range ([0-9a-f]{8}) ([0-9]+) ([0-9]+|-)")
NONE = "none"


class PolicyError(ValueError):
    """The policy is malformed, or a checkpoint does not satisfy it."""


@dataclass(frozen=True)
class Party:
    """A log or a witness: its key, and where it answers."""

    key: VerifierKey
    url: str = ""


@dataclass
class Policy:
    """A parsed policy."""

    logs: list[Party] = field(default_factory=list)
    witnesses: dict[str, Party] = field(default_factory=dict)
    groups: dict[str, tuple[int, list[str]]] = field(default_factory=dict)
    quorum: str = NONE
    ranges: dict[str, tuple[int, int | None]] = field(default_factory=dict)

    @property
    def keys(self) -> list[VerifierKey]:
        """Every key that is trusted."""
        return [party.key for party in (*self.logs, *self.witnesses.values())]

    def _met(self, name: str, signed: set[VerifierKey]) -> bool:
        if name in self.witnesses:
            return self.witnesses[name].key in signed
        needed, members = self.groups[name]
        return sum(self._met(member, signed) for member in members) >= needed

    def check(self, size: int, signers: Iterable[VerifierKey]) -> None:
        """Raise PolicyError unless these signers of a checkpoint of `size` are enough."""
        signed = set(signers)
        if not any(party.key in signed and self._in_range(party, size) for party in self.logs):
            raise PolicyError("no key of the log that may sign a tree of this size did")
        if self.quorum != NONE and not self._met(self.quorum, signed):
            raise PolicyError(f"the quorum {self.quorum} of witnesses is not met")

    def _in_range(self, party: Party, size: int) -> bool:
        start, end = self.ranges.get(party.key.id.hex(), (0, None))
        return start <= size and (end is None or size <= end)


def parse(text: str) -> Policy:
    """Read a policy. Raises PolicyError (tlog-policy)."""
    policy, ended = Policy(), False
    for number, line in enumerate(text.splitlines(), 1):
        if found := _RANGE.fullmatch(line.strip()):
            until = None if found[3] == "-" else int(found[3])
            policy.ranges[found[1]] = (int(found[2]), until)
        words = line.split("#", 1)[0].split() if line.lstrip().startswith("#") else line.split()
        if not words:
            continue
        try:
            if ended and words[0] == "quorum":
                raise PolicyError("the quorum is named twice")
            _read(policy, words)
            ended = ended or words[0] == "quorum"
        except (NoteError, PolicyError, IndexError, ValueError) as error:
            raise PolicyError(f"line {number} of the policy: {error}") from None
    if not policy.logs:
        raise PolicyError("the policy names no log")
    if not ended:
        raise PolicyError("the policy names no quorum")
    return policy


def _read(policy: Policy, words: list[str]) -> None:
    kind = words[0]
    if kind == "log" and len(words) in (2, 3):
        policy.logs.append(Party(VerifierKey.parse(words[1]), *words[2:]))
    elif kind == "witness" and len(words) in (3, 4):
        _new_name(policy, words[1])
        policy.witnesses[words[1]] = Party(VerifierKey.parse(words[2]), *words[3:])
    elif kind == "group" and len(words) >= 4:
        name, needed, members = words[1], words[2], words[3:]
        _new_name(policy, name)
        for member in members:
            _known(policy, member)
        if len(set(members)) != len(members):
            raise PolicyError("a member is named twice")
        count = {"all": len(members), "any": 1}.get(needed) or int(needed)
        if not 0 < count <= len(members):
            raise PolicyError(f"{count} of {len(members)} is no quorum")
        policy.groups[name] = (count, members)
    elif kind == "quorum" and len(words) == 2:
        if words[1] != NONE:
            _known(policy, words[1])
        policy.quorum = words[1]
    else:
        raise PolicyError(f"{' '.join(words)[:60]!r} is not understood")


def _new_name(policy: Policy, name: str) -> None:
    if name == NONE or name in policy.witnesses or name in policy.groups:
        raise PolicyError(f"the name {name} is taken")


def _known(policy: Policy, name: str) -> None:
    if name not in policy.witnesses and name not in policy.groups:
        raise PolicyError(f"{name} is not named above")
