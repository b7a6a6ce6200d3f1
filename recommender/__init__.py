"""Papers and feedback in, picks out: arrays and dataclasses; no I/O, no clock, no asyncio."""
