"""Who is who: the resolved customers against the persons that the generator knows."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from math import comb
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.app.group import copy_of, rows, truth

from zhiyan.app.workspace import Workspace
from zhiyan.core.identity import SCOPED

NATIVE = ("his_no", "openid", "external_userid", "platform_uid")


class Records(NamedTuple):
    """Parties of the warehouse with the person that each really is, and the customer made of it."""

    person: dict[int, int]
    customer: dict[int, int]


def tokens_of(workspace: Workspace, id_type: str) -> dict[str, str]:
    """Return the tokens of a type by what they stand for, opened with the key."""
    found = rows(
        workspace, "SELECT DISTINCT token FROM identity.observation WHERE id_type = $t", t=id_type
    )
    tokens = [row["token"] for row in found]
    with workspace.open_vault() as vault:
        return dict(zip(vault.reveal(id_type, tokens), tokens, strict=True))


def persons_by_text(records: list[dict[str, Any]], id_type: str) -> dict[str, int]:
    """Return the person behind each identifier as the vault writes it."""
    scoped = id_type in {str(kind) for kind in SCOPED}
    found: dict[str, int] = {}
    for record in records:
        if record["id_type"] == id_type:
            clinic = f"|{record['clinic']}" if id_type == "his_no" else ""
            prefix = f"{record['source']}{clinic}|" if scoped else ""
            found[prefix + record["id_value"]] = record["person"]
    return found


@pytest.fixture(scope="module")
def workspace(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = copy_of(demo, tmp_path_factory.mktemp("identity") / "copy")
    with Workspace.open(folder) as opened:
        yield opened


@pytest.fixture(scope="module")
def known(workspace: Workspace, demo: Path) -> Records:
    """Every record that a system names by a number of its own."""
    records = truth(demo, "records")
    person: dict[int, int] = {}
    for id_type in NATIVE:
        persons = persons_by_text(records, id_type)
        tokens = {token: text for text, token in tokens_of(workspace, id_type).items()}
        for row in rows(
            workspace,
            "SELECT party_id, token FROM identity.observation WHERE id_type = $t",
            t=id_type,
        ):
            text = tokens[row["token"]]
            if text in persons:
                person[row["party_id"]] = persons[text]
    assigned = rows(workspace, "SELECT party_id, customer_id FROM identity.assignment")
    customer = {row["party_id"]: row["customer_id"] for row in assigned}
    return Records(person, customer)


def pairs(groups: Counter[Any]) -> int:
    return sum(comb(count, 2) for count in groups.values())


def test_most_records_are_known(known: Records, demo: Path):
    native = [row for row in truth(demo, "records") if row["id_type"] in NATIVE]
    assert len(known.person) > 0.7 * len(native)
    assert set(known.person) <= set(known.customer)


def reachable(workspace: Workspace, known: Records, desk: set[int]) -> dict[int, int]:
    """Return the group of each record that a judge who knows everyone could make by exact keys.

    Records of one person in which a good identifier repeats are one group. The phones of receptions
    (``desk``: persons for whom one was typed in) stand for nobody, so they are left out.
    """
    group = {party: party for party in known.person}
    held: defaultdict[tuple[int, str], list[int]] = defaultdict(list)
    for row in rows(
        workspace,
        """SELECT DISTINCT party_id, id_type, token FROM identity.observation
        WHERE quality = 'ok' AND id_type NOT IN ('name', 'birthdate')""",
    ):
        person = known.person.get(row["party_id"])
        if person is not None and not (row["id_type"] == "phone" and person in desk):
            held[person, row["token"]].append(row["party_id"])
    for parties in held.values():
        merged = {group[party] for party in parties}
        group |= {party: min(merged) for party, name in group.items() if name in merged}
    return group


def test_no_customer_is_two_persons(known: Records):
    together = Counter(known.customer[party] for party in known.person)
    both = Counter((known.customer[party], person) for party, person in known.person.items())
    assert pairs(together) > 300
    assert pairs(both) / pairs(together) >= 0.99


def test_nearly_all_pairs_that_exact_keys_can_show_are_found(
    workspace: Workspace, known: Records, demo: Path
):
    desk = {person["person"] for person in truth(demo, "persons") if person["desk_phone"]}
    possible = Counter(reachable(workspace, known, desk).values())
    both = Counter((known.customer[party], person) for party, person in known.person.items())
    assert pairs(both) / pairs(possible) >= 0.97
    assert pairs(both) / pairs(Counter(known.person.values())) >= 0.55


def test_a_reception_phone_joins_nobody(workspace: Workspace, known: Records, demo: Path):
    """Not even records of equal names: a phone behind many persons says nothing."""
    typed = {person["person"] for person in truth(demo, "persons") if person["desk_phone"]}
    phones = {f"+86{row['phone']}" for row in truth(demo, "records")
              if row["person"] in typed and row["source"] == "his" and row["phone"]}  # fmt: skip
    tokens = tokens_of(workspace, "phone")
    shared = {
        row["token"]
        for row in rows(workspace, "SELECT token FROM identity.conflict WHERE reason = $r",
                        r="shared_by_many")
    }  # fmt: skip
    many = {tokens[text] for text in phones if text in tokens} & shared
    assert many
    linked = {row["token"] for row in rows(workspace, "SELECT DISTINCT token FROM identity.link")}
    assert not many & linked


def test_records_with_the_same_union_id_are_one_customer(workspace: Workspace):
    found = rows(
        workspace,
        """SELECT token, count(DISTINCT party_id) AS parties, count(DISTINCT customer_id) AS customers
        FROM identity.observation JOIN identity.assignment USING (party_id)
        WHERE id_type = 'unionid' AND quality = 'ok' GROUP BY token""",
    )
    assert sum(row["parties"] > 1 for row in found) > 5
    assert [row for row in found if row["customers"] != 1] == []


def test_records_with_the_same_verified_phone_and_person_are_one_customer(
    workspace: Workspace, demo: Path, known: Records
):
    """A verified number held by one person only, on two of her numbered records."""
    holders: defaultdict[str, set[int]] = defaultdict(set)
    for record in truth(demo, "records"):
        if record["phone"]:
            holders[f"+86{record['phone']}"].add(record["person"])
    phones = tokens_of(workspace, "phone")
    alone = {phones[text]: next(iter(who)) for text, who in holders.items()
             if len(who) == 1 and text in phones}  # fmt: skip
    found: defaultdict[tuple[str, int], set[int]] = defaultdict(set)
    parties: Counter[tuple[str, int]] = Counter()
    for row in rows(
        workspace,
        """SELECT DISTINCT party_id, token FROM identity.observation
        WHERE id_type = 'phone' AND verified AND quality = 'ok'""",
    ):
        person = known.person.get(row["party_id"])
        if person is not None and alone.get(row["token"]) == person:
            found[row["token"], person].add(known.customer[row["party_id"]])
            parties[row["token"], person] += 1
    assert sum(count > 1 for count in parties.values()) > 10
    assert {key: ids for key, ids in found.items() if len(ids) > 1} == {}


def test_families_on_one_phone_stay_apart(known: Records, demo: Path):
    homes: defaultdict[int, set[int]] = defaultdict(set)
    for person in truth(demo, "persons"):
        if person["relation"] in {"mother", "daughter"}:
            homes[person["household"]].add(person["person"])
    of_person: defaultdict[int, set[int]] = defaultdict(set)
    for party, person in known.person.items():
        of_person[person].add(known.customer[party])
    families = [
        [of_person[person] for person in members if of_person[person]] for members in homes.values()
    ]
    several = [members for members in families if len(members) > 1]
    assert several
    for members in several:
        for number, one in enumerate(members):
            for other in members[number + 1 :]:
                assert not one & other
