"""Making associations and taking them away, whoever asks for it. Each is logged."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crmsync.sandbox.hubspot.errors import invalid, no_record
from crmsync.sandbox.hubspot.kind import Kind
from crmsync.sandbox.hubspot.links import Links
from crmsync.sandbox.hubspot.portal import Portal
from crmsync.sandbox.records import Effect

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class End:
    """The other end of an association that is to be made."""

    links: Links
    end: int  # which end the record that it is made from is
    kind: Kind  # the other record's type
    row: int
    label: str


class Linking:
    """Changes of the associations of a portal."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal

    def change(
        self, kind: Kind, crm_id: str, other: Kind, other_id: str, *, who: str, cut: bool = False, label: str = ""
    ) -> None:
        """Associates two records, or takes their association away. Raises 400 or 404."""
        now = self.portal.clock.now()
        found = self.portal.links_between(kind, other)
        if found is None:
            raise invalid(f"{kind.name} and {other.name} can't be associated")
        row, other_row = _live_row(kind, crm_id, now), _live_row(other, other_id, now)
        end = End(*found, other, other_row, label)
        if not cut:
            self.make(end, row, who=who)
            return
        end.links.cut(*_pair(end, row), at=now)
        self._note(kind, crm_id, end, old=other_id, new=None, who=who)

    def make(self, end: End, row: int, *, who: str) -> None:
        """Associates a record with another one."""
        end.links.make(*_pair(end, row), at=self.portal.clock.now(), label=end.label)
        kind = self.portal.kinds[end.links.kind.second if end.end else end.links.kind.first]
        self._note(kind, kind.records.make_id(row), end, old=None, new=end.kind.records.make_id(end.row), who=who)

    def _note(self, kind: Kind, crm_id: str, end: End, *, old: str | None, new: str | None, who: str) -> None:
        effect = Effect(self.portal.clock.now(), "hubspot", kind.name, crm_id, f"-> {end.kind.name}", old, new, who)
        self.portal.effects.add(effect)

    def read_ends(self, kind: Kind, told: list[Any]) -> list[End]:
        """The `associations` of a new record. Raises 400 or 404."""
        ends = []
        for each in told:
            types = each.get("types") or [] if isinstance(each, Mapping) else []
            found = self._by_type(kind, types)
            if found is None:
                raise invalid("There was a problem with the request. The association type isn't there")
            links, end, other = found
            crm_id = str((each.get("to") or {}).get("id"))
            row = _live_row(other, crm_id, self.portal.clock.now())
            ends.append(End(links, end, other, row, self.label(kind, other, types)))
        return ends

    def _by_type(self, kind: Kind, types: list[Json]) -> tuple[Links, int, Kind] | None:
        wanted = {each.get("associationTypeId") for each in types}
        for links in self.portal.links:
            names = (links.kind.first, links.kind.second)
            if kind.name in names:
                end = names.index(kind.name)
                if wanted & {each["typeId"] for each in links.all_types(end=end)}:
                    return links, end, self.portal.kinds[names[1 - end]]
        return None

    def label(self, kind: Kind, other: Kind, types: list[Json]) -> str:
        """The label that people made among some association types, "" if there is none."""
        found = self.portal.links_between(kind, other)
        if found is None:
            return ""
        known = {each["typeId"]: each for each in found[0].all_types(end=found[1])}
        for each in types:
            named = known.get(each.get("associationTypeId"), {})
            if named.get("category") == "USER_DEFINED" and named.get("label"):
                return str(named["label"])
        return ""


def _pair(end: End, row: int) -> tuple[int, int]:
    return (end.row, row) if end.end else (row, end.row)


def _live_row(kind: Kind, crm_id: str, now: int) -> int:
    row = kind.row(crm_id, now)
    if row is None or not kind.is_live(row, now):
        raise no_record(crm_id)
    return row
