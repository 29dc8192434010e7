"""Shares in the admin: the table, and the lists that decide with whom may be shared."""
