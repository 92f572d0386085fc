"""Money as minor units: exact, by the currency's own decimals."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmsync.money import LARGEST_MINOR, places, to_major, to_minor


@pytest.mark.parametrize(("currency", "number"), [("EUR", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("", 2), ("XYZ", 2)])
def test_places_are_those_of_iso_4217(currency: str, number: int) -> None:
    """A code that isn't known has two decimals, like most."""
    assert places(currency) == number


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("12500", "EUR", 1_250_000),
        ("12500.5", "EUR", 1_250_050),
        ("-0.01", "EUR", -1),
        ("1.5e4", "EUR", 1_500_000),
        ("12500", "JPY", 12_500),
        ("1.2345", "KWD", 1_234),
        (Decimal("0.1"), "USD", 10),
    ],
)
def test_to_minor_scales_by_the_currency(amount: str | Decimal, currency: str, minor: int) -> None:
    """A CRM's text becomes an exact whole number."""
    assert to_minor(amount, currency) == minor


@pytest.mark.parametrize(("amount", "minor"), [("0.005", 0), ("0.015", 2), ("0.025", 2), ("0.0251", 3), ("-0.015", -2)])
def test_to_minor_rounds_half_to_even(amount: str, minor: int) -> None:
    """Rounding many amounts doesn't drift to one side."""
    assert to_minor(amount, "EUR") == minor


@pytest.mark.parametrize(
    "amount", ["", "abc", "1,5", "12 EUR", "NaN", "sNaN", "Infinity", "-inf", "1e30", "9" * 19, "1e999999"]
)
def test_to_minor_refuses_what_isnt_an_amount(amount: str) -> None:
    """What isn't a finite amount that fits is told, never stored as something else."""
    with pytest.raises(ValueError, match="not a"):
        to_minor(amount, "EUR")


@pytest.mark.parametrize("amount", [Decimal(LARGEST_MINOR).scaleb(-2), -Decimal(LARGEST_MINOR).scaleb(-2)])
def test_to_minor_takes_the_largest_amount_that_fits(amount: Decimal) -> None:
    """The largest amount is that of a 64-bit whole number."""
    assert abs(to_minor(amount, "EUR")) == LARGEST_MINOR


@given(st.integers(-LARGEST_MINOR, LARGEST_MINOR), st.sampled_from(["EUR", "JPY", "KWD", "CLF"]))
def test_to_major_and_back_is_the_same_amount(minor: int, currency: str) -> None:
    """No amount that is stored changes on its way out and in again, as a number or as a text."""
    assert to_minor(to_major(minor, currency), currency) == minor
    assert to_minor(str(to_major(minor, currency)), currency) == minor


def test_to_major_shows_the_currencys_decimals() -> None:
    """Trailing zeros stay: an amount reads like one."""
    assert [str(to_major(1_250_000, currency)) for currency in ("EUR", "JPY", "KWD")] == [
        "12500.00",
        "1250000",
        "1250.000",
    ]
