"""What one row is, for every table that has no declaration of its own."""

GRAINS = {
    "identity.observation": "One row per identifier that a source record of a person was seen with, "
    "and per later import that saw it earlier or verified: (party_id, id_type, token, quality, "
    "verified, import_id). Append-only.",
    "identity.decision": "One row per decision of a person about identity: merge, split, or undo.",
    "identity.assignment": "One row per source record of a person (party): the customer it belongs to "
    "after the newest resolve. Every party with a fact or an identifier has exactly one.",
    "identity.link": "One row per (party, identifier) that joined the party to its customer: the "
    "evidence.",
    "identity.identifier": "One row per (customer, identifier); `persons` is how many customers hold it.",
    "identity.conflict": "One row per identifier that would have joined people who must stay apart: the "
    "review list.",
    "identity.change": "One row per party that a resolve moved to another customer; only ever grows.",
    "identity.party": "One row per party: when it was seen first, and its component (all parties that "
    "usable identifiers or merges connect with it, named after one of them).",
    "identity.holding": "One row per (key of a token, party that holds it), some of them several times: "
    "where a resolve finds who shares an identifier.",
    "identity.resolution": "One row: what the identity tables hold, as of when, up to which import, and "
    "the number of the resolve that wrote last.",
    "identity.touched": "One row per customer and identifier type whose rows of `identity.identifier` a "
    "resolve changed or removed (`party`: her rows of `identity.assignment`), with the number of the "
    "latest such resolve.",
    "meta.import_batch": "One row per imported file.",
    "meta.quarantine": "One row per row of a file that could not be taken; the value is masked.",
    "meta.unmapped_item": "One row per (import, item name) that no alias knows.",
    "meta.snapshot": "One row per snapshot: its manifest.",
    "meta.listed_clinic": "One row per clinic of the imported lists of clinics; those of the settings go before it.",
    "meta.tag_version": "One row per version of a tag (code, fingerprint, status, wording): what it said, "
    "as JSON by part, and the snapshot that had it first.",
    "meta.tag_quality": "One row per (snapshot, tag): coverage, age of the newest fact, stability and "
    "distribution.",
    "meta.tag_use": "One row per fold of uses (day, tag, kind of reader); never by whom or about whom.",
    "history.sighting": "One row per snapshot as history saw it: true at `as_of`, believed from "
    "`known_at` on; `tags` maps kept codes to version and SQL type.",
    "history.value": "One row per customer, tag and unbroken stretch of one value under one version, per "
    "belief: it holds for as-ofs in `[valid_from, valid_to)` and was believed in `[known_from, "
    "known_to)`; 9999-12-31 is open. Tag `*` is being a customer. No row: unknown. `opened_by`, "
    "`ended_by`, `replaced_by` number the sightings that did it.",
    "ref.item": "One row per treatment or product of the catalogue.",
    "ref.clinic": "One row per clinic.",
    "ref.staff": "One row per member of staff.",
    "ref.city": "One row per city.",
}  # fmt: skip
