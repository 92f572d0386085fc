"""The steps. They don't know each other: each reads tables and writes its own, can run alone, be killed and be repeated."""
