"""Where things are: HubSpot's dated paths, and the numbered ones that they replace in September 2027."""

from dataclasses import dataclass
from datetime import date

SUPPORT_MONTHS = 18
NUMBERED = "v3"
NUMBERED_END_ON = date(2027, 9, 1)
ASSOCIATIONS_END_ON = date(2027, 3, 30)  # the v4 association paths that go with v3 leave earlier


@dataclass(frozen=True, slots=True)
class Paths:
    """The paths of one API version."""

    version: str

    def objects(self, kind: str, action: str = "") -> str:
        """Records of an object type; `action` such as "search" or "batch/read"."""
        return self._of("crm", "objects", kind, action)

    def properties(self, kind: str, action: str = "") -> str:
        """Property definitions of an object type."""
        return self._of("crm", "properties", kind, action)

    def pipelines(self, kind: str) -> str:
        """Pipelines of an object type."""
        return self._of("crm", "pipelines", kind)

    def owners(self) -> str:
        """The owners."""
        return self._of("crm", "owners")

    def associations(self, kind: str, to: str) -> str:
        """Reading which records of one type belong to those of another."""
        family = "/crm/v4/associations" if self.version == NUMBERED else f"/crm/associations/{self.version}"
        return f"{family}/{kind}/{to}/batch/read"

    def schemas(self) -> str:
        """The custom object types."""
        return f"/crm-object-schemas/{self.version}/schemas"

    def account(self) -> str:
        """The account's id, time zone and currency."""
        return f"/account-info/{self.version}/details"

    def ends_on(self) -> date:
        """When HubSpot stops supporting this version."""
        if self.version == NUMBERED:
            return min(NUMBERED_END_ON, ASSOCIATIONS_END_ON)
        year, month = map(int, self.version.split("-"))
        years, month_index = divmod(month - 1 + SUPPORT_MONTHS, 12)
        return date(year + years, month_index + 1, 1)

    def _of(self, family: str, thing: str, *rest: str) -> str:
        head = f"/{family}/{NUMBERED}/{thing}" if self.version == NUMBERED else f"/{family}/{thing}/{self.version}"
        return "/".join([head, *(part for part in rest if part)])
