"""The program on the docking station: `python -m ingest.agent`. Imports no Django."""

VERSION = "1.1"
