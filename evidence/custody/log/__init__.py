"""The custody log's formats in pure Python: no Django, no network, no database.

hashing     RFC 6962 Merkle tree hashing, inclusion and consistency proofs
jcs         the strict RFC 8785 profile in which events are written
checkpoint  C2SP tlog-checkpoint bodies
keys        keys of signed notes: Ed25519, witness cosignatures, ML-DSA-44
note        C2SP signed notes, and checkpoints signed as such
proof       C2SP tlog-proof files
tiles       C2SP tlog-tiles: the tree as files
policy      C2SP tlog-policy: whom a reader trusts
witnessing  C2SP tlog-witness: the request for a cosignature
receipt     what a dock is given for an original that is durable and verified
"""
