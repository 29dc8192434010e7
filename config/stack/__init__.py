"""The embedded stack: everything that the system needs, on one machine, from wheels.

`make run` starts it. Each part is only the default behind an environment variable.
"""
