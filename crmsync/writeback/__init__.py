"""Pure decisions about writing back: what a score says, whose field it is, and whether it is worth a write."""
