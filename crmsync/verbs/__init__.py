"""The verbs of the command line. Each reads its arguments, calls what does the work, and shows what came of it; no logic."""
