"""Tables of the warehouse that the stages share: events, identity, imports and reference data.

Event tables follow from the declarations in ``core.kinds``; nothing here names their columns.
"""

from zhiyan.core.event import BOOKKEEPING, SHARED_COLUMNS, SQL_TYPES, EventKind
from zhiyan.core.kinds import KINDS
from zhiyan.ports import Engine, Statement

SCHEMAS = ("event", "identity", "meta", "ref")

#: Table -> its columns; the comment of each table in docs/reference/warehouse.md says its grain.
FIXED_TABLES: dict[str, str] = {
    "identity.observation": """
        party_id BIGINT NOT NULL, id_type VARCHAR NOT NULL, token VARCHAR NOT NULL,
        quality VARCHAR NOT NULL, verified BOOLEAN NOT NULL, source VARCHAR NOT NULL,
        clinic VARCHAR, occurred_at TIMESTAMP NOT NULL, recorded_at TIMESTAMP NOT NULL,
        import_id INTEGER NOT NULL, row_no INTEGER""",
    "identity.decision": """
        decision_id VARCHAR NOT NULL, action VARCHAR NOT NULL, party_a BIGINT, party_b BIGINT,
        author VARCHAR, reason VARCHAR, undoes VARCHAR,
        occurred_at TIMESTAMP NOT NULL, recorded_at TIMESTAMP NOT NULL""",
    "identity.assignment": """
        party_id BIGINT NOT NULL, customer_id BIGINT NOT NULL, first_seen TIMESTAMP NOT NULL""",
    "identity.link": """
        party_id BIGINT NOT NULL, customer_id BIGINT NOT NULL, id_type VARCHAR NOT NULL,
        token VARCHAR NOT NULL, shared_with BIGINT, import_id INTEGER, row_no INTEGER""",
    "identity.identifier": """
        customer_id BIGINT NOT NULL, id_type VARCHAR NOT NULL, token VARCHAR NOT NULL,
        quality VARCHAR, verified BOOLEAN, persons INTEGER, first_seen TIMESTAMP,
        confidence_ppm INTEGER""",
    "identity.conflict": """
        conflict_id VARCHAR NOT NULL, id_type VARCHAR, token VARCHAR, reason VARCHAR,
        customers BIGINT[], parties BIGINT[]""",
    "identity.change": """
        change_id VARCHAR NOT NULL, action VARCHAR NOT NULL, party_id BIGINT,
        from_customer BIGINT, to_customer BIGINT, as_of TIMESTAMP, recorded_at TIMESTAMP""",
    "identity.party": """
        party_id BIGINT NOT NULL, first_seen TIMESTAMP NOT NULL, component BIGINT NOT NULL""",
    "identity.resolution": """
        resolution BIGINT NOT NULL, as_of TIMESTAMP NOT NULL, complete BOOLEAN NOT NULL,
        last_import INTEGER NOT NULL, next_due TIMESTAMP, observations BIGINT NOT NULL,
        decisions VARCHAR NOT NULL, rules VARCHAR NOT NULL, sizes VARCHAR NOT NULL,
        recorded_at TIMESTAMP NOT NULL""",
    "identity.holding": "key BIGINT NOT NULL, party_id BIGINT NOT NULL",
    "identity.touched": """
        customer_id BIGINT NOT NULL, id_type VARCHAR NOT NULL, resolution BIGINT NOT NULL""",
    "meta.import_batch": """
        import_id INTEGER PRIMARY KEY, file_name VARCHAR NOT NULL, file_sha256 VARCHAR NOT NULL,
        source VARCHAR, mapping VARCHAR, mapping_sha256 VARCHAR, recorded_at TIMESTAMP NOT NULL,
        rows_read BIGINT, accepted BIGINT, duplicates BIGINT, corrections BIGINT,
        quarantined BIGINT, dropped BIGINT, money_in_fen BIGINT, money_stored_fen BIGINT,
        report VARCHAR""",
    "meta.quarantine": """
        import_id INTEGER NOT NULL, file_name VARCHAR NOT NULL, sheet VARCHAR, row_no INTEGER,
        column_name VARCHAR, value_masked VARCHAR, reason VARCHAR NOT NULL, detail VARCHAR,
        row_key VARCHAR, resolved_by INTEGER""",
    "meta.unmapped_item": """
        name VARCHAR NOT NULL, source VARCHAR NOT NULL, rows BIGINT NOT NULL,
        import_id INTEGER NOT NULL""",
    "meta.listed_clinic": """
        code VARCHAR PRIMARY KEY, name VARCHAR NOT NULL, city VARCHAR, legal_entity VARCHAR,
        import_id INTEGER NOT NULL""",
    "ref.item": """
        code VARCHAR PRIMARY KEY, name VARCHAR, category VARCHAR, subcategory VARCHAR,
        interval_days INTEGER, min_interval_days INTEGER, course_min INTEGER, course_max INTEGER,
        price_low_fen BIGINT, price_high_fen BIGINT, ad_class VARCHAR, medical BOOLEAN,
        contraindications VARCHAR[], next_items VARCHAR[], season VARCHAR, max_per_year INTEGER""",
    "ref.clinic": "code VARCHAR PRIMARY KEY, name VARCHAR, city VARCHAR, legal_entity VARCHAR",
    "ref.staff": """
        code VARCHAR PRIMARY KEY, name_token VARCHAR, role VARCHAR, clinic VARCHAR,
        left_at TIMESTAMP""",
    "ref.city": "city VARCHAR, province VARCHAR, tier VARCHAR",
}


def event_columns(kind: EventKind) -> tuple[tuple[str, str], ...]:
    """Return name and SQL type of every column of a kind's table, in order."""
    own = ((column.name, SQL_TYPES[column.type]) for column in (*SHARED_COLUMNS, *kind.columns))
    return (*BOOKKEEPING, *own)


def create_schema(engine: Engine) -> None:
    """Create every shared table that does not exist yet; existing ones stay as they are.

    Grain: ``event.<kind>`` holds one row per version of a fact; the others say theirs in the
    reference of the warehouse.
    """
    with engine.transaction():
        for schema in SCHEMAS:
            engine.run(Statement(f"CREATE SCHEMA IF NOT EXISTS {schema}"))
        for kind in KINDS.values():
            columns = ", ".join(f'"{name}" {sql}' for name, sql in event_columns(kind))
            engine.run(Statement(f'CREATE TABLE IF NOT EXISTS event."{kind.name}" ({columns})'))
        for table, columns in FIXED_TABLES.items():
            engine.run(Statement(f"CREATE TABLE IF NOT EXISTS {table} ({columns})"))
        for table, name, sql in _missing_columns(engine):
            engine.run(Statement(f'ALTER TABLE {table} ADD COLUMN "{name}" {sql}'))


#: Columns that tables of an older release lack.
_LATER_COLUMNS = (
    ("meta.quarantine", "row_key", "VARCHAR"),
    ("meta.quarantine", "resolved_by", "INTEGER"),
)


def _missing_columns(engine: Engine) -> list[tuple[str, str, str]]:
    """Return table, name and type of the declared columns that existing tables lack, in order."""
    rows = engine.query(
        Statement("SELECT table_schema, table_name, column_name FROM information_schema.columns")
    ).to_pylist()
    there = {(f"{row['table_schema']}.{row['table_name']}", row["column_name"]) for row in rows}
    wanted = [
        (f"event.{kind.name}", name, sql)
        for kind in KINDS.values()
        for name, sql in event_columns(kind)
    ]
    return [
        (table, name, sql)
        for table, name, sql in (*wanted, *_LATER_COLUMNS)
        if (table, name) not in there
    ]
