"""The custody log's formats in pure Python: no Django, no network, no database.

clock       how times are written
hashing     RFC 6962 Merkle tree hashing, inclusion and consistency proofs
jcs         the strict RFC 8785 profile in which events are written
checkpoint  C2SP tlog-checkpoint bodies
keys        keys of signed notes: Ed25519, witness cosignatures, ML-DSA-44
note        C2SP signed notes, and checkpoints signed as such
proof       C2SP tlog-proof files
tiles       C2SP tlog-tiles: the tree as files
policy      C2SP tlog-policy: whom a reader trusts
keyring     the log's keys as files
bag         packages: a BagIt bag in one exact form of zip
sqlite      a durable file for the signer and for witnesses
witnessing  C2SP tlog-witness: the request for a cosignature
receipt     what a dock is given for an original that is durable and verified
"""
