"""Is there enough to learn from? Below it a deal gets a score by stated rules (`rules`)."""

from crmsync.errors import TooFew
from crmsync.forecast.dataset import Examples
from crmsync.forecast.recipe import Recipe

MEANWHILE = "until then crmsync score goes by stated rules"


def require(sample: Examples, recipe: Recipe) -> None:
    """Raises TooFew: E401 too few closed deals, E402 too few of them won, or lost."""
    won, lost = sample.deals_won, sample.deals - sample.deals_won
    if sample.deals < recipe.min_closed:
        raise TooFew(
            "E401",
            f"too few closed deals to learn from: {sample.deals} of {recipe.min_closed}",
            remedy=f"wait for more outcomes, pull a longer past, or give --as-of a later day; {MEANWHILE}",
        )
    if min(won, lost) < recipe.min_each:
        raise TooFew(
            "E402",
            f"too few outcomes of one kind to learn from: {won} won, {lost} lost, {recipe.min_each} of each needed",
            remedy=f"wait for more outcomes, or widen the population; {MEANWHILE}",
        )


def missing(sample: Examples, recipe: Recipe) -> str:
    """What is too little of, "" where there is enough."""
    try:
        require(sample, recipe)
    except TooFew as refusal:
        return refusal.what
    return ""
