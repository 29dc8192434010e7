"""A witness: a small program that another body runs, which makes a fork of the log visible.

It remembers one line a log, the last checkpoint that it has cosigned, and cosigns the next
only with a proof that it extends that one. C2SP tlog-witness; no Django, no database server.

state   what it has cosigned, in one file
server  POST /add-checkpoint
"""
