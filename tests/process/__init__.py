"""The process, the machine and the store under it: what breaks there costs no record and ends in one line."""
