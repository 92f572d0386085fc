"""What a step reports to, and asks whether it should stop. The command line draws it; a job logs it; tests ignore it."""

from collections.abc import Mapping

from crmsync.errors import RetryLater


class Watch:
    """Silent, and never stops anything. Others derive from it."""

    stopping = False  # set by a signal; the step stops at its next checkpoint

    def say(self, what: str, count: int) -> None:
        """So many more of something are done."""

    def event(self, name: str, facts: Mapping[str, object]) -> None:
        """A step began or ended, as its row of the ledger has it. Never raises."""

    def checkpoint(self) -> None:
        """Called where everything so far is durable. Raises RetryLater when the program was told to stop."""
        if self.stopping:
            raise RetryLater("E602", "stopped at a checkpoint on request", remedy="the next run goes on from here")
