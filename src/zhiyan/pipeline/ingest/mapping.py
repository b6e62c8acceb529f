"""Sources: promises to fill events from the raw rows of one kind of export.

A source names the *fields* that it looks for (each with the headers that may carry it), how a table
is recognised by them, and what events one row becomes. Everything here is a frozen value, made by
``load`` from YAML; ``docs/reference/mapping.md`` explains the file form.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as made
from enum import StrEnum


class Check(StrEnum):
    """Tests of a condition on one field."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    NOT_NEGATIVE = "not_negative"
    ZERO = "zero"
    NOT_ZERO = "not_zero"
    BLANK = "blank"
    FILLED = "filled"
    IN = "in"
    NOT_IN = "not_in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A test of one field; ``values`` for IN and NOT_IN.

    A field that the table does not have is blank. Money is compared in yuan. ``also`` are further
    fields of FILLED (any of them) and BLANK (all of them).
    """

    field: str
    check: Check
    values: tuple[str, ...] = ()
    also: tuple[str, ...] = ()

    @property
    def fields(self) -> tuple[str, ...]:
        """All fields that are tested."""
        return (self.field, *self.also)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One thing to look for in a table.

    ``headers`` are synonyms in order of preference; ``*`` stands for any text. ``parse`` names a
    parser of ``clean`` (None: by the column that uses it), ``options`` its options. ``fill``
    repeats the value above into empty cells: ``merged`` inside merged cells, ``always`` everywhere. ``strip`` are words cut off both ends
    of the text; ``words`` are whole texts to be read as others (``非常满意`` as ``5``). ``negate`` changes the sign of money or a count, ``times`` multiplies a unit price by
    the count in another field, ``beside`` names a field that holds the day of a bare time of day, or
    the time of day of a bare date. An empty cell of a ``required``
    field puts its row in quarantine. ``shared`` lets another field read the same column. A cell of a
    ``soft`` field that cannot be read is empty and counted, and its row is taken all the same.
    """

    name: str
    headers: tuple[str, ...]
    parse: str | None = None
    options: Mapping[str, object] = made(default_factory=dict[str, object])
    fill: str = ""
    required: bool = False
    negate: bool = False
    times: str | None = None
    beside: str | None = None
    shared: bool = False
    soft: bool = False
    strip: tuple[str, ...] = ()
    words: Mapping[str, str] = made(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMap:
    """How one canonical column is filled.

    From the first filled of ``fields`` (read by ``parse``, sign changed by ``negate``), all of them joined by ``join``, a ``const``, or derived:
    ``apart`` are fields that tell rows of one number apart (a receipt paid in two ways): they
    belong to the identity of the event beside the number. ``hash`` identifies a row by these fields
    where it has no number, equal rows being told apart by counting. Both may name ``party``,
    ``occurred_at`` and a yes-or-no column of the event (``is_refund``, ``is_gift``); ``token`` makes an irreversible key of the text;
    ``flag`` is true where all conditions hold; ``wide`` collects the options of a question that
    has one column per option; ``derive`` names something that cleaning found out (``pseudo_name``,
    ``is_test``, ``fake_phone``, ``birthdate``, ``gender``). ``codes`` names a code table, or
    ``items``, ``clinics``, ``staff``; ``unmapped`` says what an unknown code does: ``unknown``
    (null, counted), ``problem`` (quarantine) or ``keep``.
    """

    column: str
    fields: tuple[str, ...] = ()
    parse: str | None = None
    negate: bool = False
    join: str | None = None
    suffix: str = ""
    apart: tuple[str, ...] = ()
    const: str | None = None
    codes: str | None = None
    unmapped: str = "unknown"
    hash: tuple[str, ...] = ()
    token: bool = False
    flag: tuple[Condition, ...] = ()
    wide: tuple[str, ...] = ()
    derive: str | None = None
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Emission:
    """One kind of event that a row becomes, if all of ``when`` hold.

    ``occurred_at`` is the first filled of its fields, else ``default_time`` (a local moment).
    Where both tell nothing, ``else_at`` are fields with the time of another fact before it (the
    sale of a refund): the event is dated by the export if the file tells when that was made, else
    by these fields, which is counted.
    """

    kind: str
    occurred_at: tuple[str, ...]
    columns: tuple[ColumnMap, ...]
    else_at: tuple[str, ...] = ()
    when: tuple[Condition, ...] = ()
    default_time: str | None = None
    where: str = ""

    def column(self, name: str) -> ColumnMap | None:
        """Return the map of a canonical column, or None."""
        return next((column for column in self.columns if column.column == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """An identifier that a row carries.

    ``scope`` is within which the number is unique, by default the system (his_no: and the clinic).
    Only rows for which all of ``when`` hold carry it (the called number of an outgoing call).
    """

    type: str
    field: str
    verified: bool = False
    scope: str = ""
    when: tuple[Condition, ...] = ()
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """Package lines without a price of their own: share ``total`` by ``by`` among the lines.

    ``group`` are the fields that hold a package together; ``target`` is the money field to fill.
    """

    group: tuple[str, ...]
    total: str
    by: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """Rows that are no facts, counted under ``reason``."""

    reason: str
    when: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """How a table is known to be of this source.

    ``need`` are fields that must be there; of each group in ``one_of`` at least one (``words``: a word in the name); none of
    ``never``. ``words`` in the name of the file or sheet speak for the source; ``words_needed``
    makes one of them a condition.
    """

    need: tuple[str, ...] = ()
    one_of: tuple[tuple[str, ...], ...] = ()
    never: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    words_needed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the clinic of a row comes from: a field, a constant or a pattern on the file name.

    ``in_key`` False leaves the clinic out of the identity of events (it may be filled in later).
    """

    field: str | None = None
    const: str | None = None
    file: str | None = None
    in_key: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """Which source system the rows come from.

    ``name`` unless ``field`` (through the table ``codes``) or one of ``words`` (name -> words in the
    name of the file or sheet) says otherwise.
    """

    name: str
    field: str | None = None
    codes: str | None = None
    words: Mapping[str, tuple[str, ...]] = made(default_factory=dict[str, tuple[str, ...]])


class ListName(StrEnum):
    """Lists of what the workspace knows by code."""

    CLINICS = "clinics"
    STAFF = "staff"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceList:
    """A list of clinics or staff: which field fills which of its columns."""

    name: ListName
    columns: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One checked mapping: what it recognises and what its rows become.

    ``anonymous`` says what happens to rows that tell nothing about a person: ``quarantine``,
    ``drop`` or ``keep`` (each such fact hangs on a party of its own). ``codes`` holds every code
    table the source may name. ``fingerprint`` is a hash of the text of the definition. Of two
    sources that fit a table the one of higher ``rank`` is taken (the workspace's own before the
    pack's). ``reference`` is a list that the rows fill instead of events.
    """

    name: str
    title: str
    system: System
    fields: tuple[Field, ...]
    emit: tuple[Emission, ...]
    recognise: Recognition = Recognition()
    clinic: Place = Place()
    identifiers: tuple[Identifier, ...] = ()
    anonymous: str = "quarantine"
    drops: tuple[Drop, ...] = ()
    allocate: Allocation | None = None
    codes: Mapping[str, Mapping[str, str]] = made(default_factory=dict[str, Mapping[str, str]])
    header_at: int | None = None
    header_rows: int | None = None
    sheets: tuple[str, ...] = ()
    where: str = ""
    fingerprint: str = ""
    rank: int = 0
    reference: ReferenceList | None = None

    def find(self, name: str) -> Field | None:
        """Return the field of that name, or None."""
        return next((one for one in self.fields if one.name == name), None)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds that a row may become, in order."""
        return tuple(dict.fromkeys(emission.kind for emission in self.emit))
