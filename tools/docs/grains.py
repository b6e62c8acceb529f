"""What one row is, for every table that has no declaration of its own."""

GRAINS = {
    "identity.observation": "One row per identifier that a source record of a person was seen with: "
    "(party_id, id_type, token).",
    "identity.decision": "One row per decision of a person about identity: merge, split, or undo.",
    "identity.assignment": "One row per source record of a person (party): the customer it belongs to "
    "after the newest resolve. Every party with a fact or an identifier has exactly one.",
    "identity.link": "One row per (party, identifier) that joined the party to its customer: the "
    "evidence.",
    "identity.identifier": "One row per (customer, identifier); `persons` is how many customers hold it.",
    "identity.conflict": "One row per identifier that would have joined people who must stay apart: the "
    "review list.",
    "identity.change": "One row per party that a resolve moved to another customer; only ever grows.",
    "meta.import_batch": "One row per imported file.",
    "meta.quarantine": "One row per row of a file that could not be taken; the value is masked.",
    "meta.unmapped_item": "One row per (import, item name) that no alias knows.",
    "meta.snapshot": "One row per snapshot: its manifest.",
    "ref.item": "One row per treatment or product of the catalogue.",
    "ref.clinic": "One row per clinic.",
    "ref.staff": "One row per member of staff.",
    "ref.city": "One row per city.",
}  # fmt: skip
