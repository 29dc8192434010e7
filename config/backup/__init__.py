"""Backup and restore of what is not in the object store: database, keys, settings.

`making` writes a backup, `restoring` checks one and puts it into an empty database, `signers`
does the same for the signer's machine, whose keys and memory never lie in the other backup.
"""
