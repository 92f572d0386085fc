"""Money as integer minor units beside its currency (ISO 4217). Sums are exact; nothing is converted without a rate."""

import re
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

# Decimal places other than two, by ISO 4217.
_CODES = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_PLACES = {code: number for number, codes in _CODES.items() for code in codes.split()}
NUMBER = re.compile(
    r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
)  # no sign of thousands: it may be one of decimals
LARGEST_MINOR = 2**63 - 1


def places(currency: str) -> int:
    """How many decimals a currency's minor unit has; two for a code that isn't known."""
    return _PLACES.get(currency, 2)


def to_minor(amount: str | Decimal, currency: str) -> int:
    """An amount in major units as minor units, half to even. Raises ValueError when it isn't finite or doesn't fit."""
    if isinstance(amount, str) and not NUMBER.fullmatch(amount):
        raise ValueError("not a number")
    try:
        number = Decimal(amount)
    except InvalidOperation:
        raise ValueError("not a number that fits") from None
    if not number.is_finite() or abs(number) > LARGEST_MINOR:
        raise ValueError("not a finite amount of a size that fits")
    minor = int(number.scaleb(places(currency)).to_integral_value(ROUND_HALF_EVEN))
    if abs(minor) > LARGEST_MINOR:
        raise ValueError("not a finite amount of a size that fits")
    return minor


def to_major(minor: int, currency: str) -> Decimal:
    """Minor units as an exact amount in major units."""
    return Decimal(minor).scaleb(-places(currency))
