"""The signer: the one part that holds the log's keys, with a memory of its own.

It runs as a process beside the others (`python -m evidence.custody.signer`), in production
as another user, with a database role that may only read events and nodes. It believes
nothing that the database says about the past: its own state holds every leaf that it has
signed. No Django.

state    what was signed, in a file of its own
rounds   reading new events, checking them, signing
server   answering requests for a signature
"""
