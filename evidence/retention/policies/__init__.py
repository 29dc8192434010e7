"""Rules that somebody proposes, somebody else agrees to, and that act on what is held last."""
