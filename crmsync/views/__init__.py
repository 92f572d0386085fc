"""The read side: what the store holds, told to people and programs. Nothing here writes to it."""
