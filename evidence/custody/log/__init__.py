"""The custody log's formats in pure Python: no Django, no network, no database.

hashing     RFC 6962 Merkle tree hashing, inclusion and consistency proofs
jcs         the strict RFC 8785 profile in which events are written
note        C2SP signed notes and verifier keys (Ed25519)
checkpoint  C2SP tlog-checkpoint bodies
proof       C2SP tlog-proof files
receipt     what a dock is given for an original that is durable and verified
"""
