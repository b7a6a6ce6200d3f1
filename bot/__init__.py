"""The running program: people on one side, the clock on the other."""
