"""Receipts and their outcomes, permits, runs, pins, leases.

A migration is history: it spells out its own types and names, and never imports the tables of today.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

INSTANT = sa.String(32).with_variant(sa.DateTime(timezone=True), "postgresql")


def _text(name: str, nullable: bool = False, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable, primary_key=primary_key)


def _number(name: str, nullable: bool = False, primary_key: bool = False, autoincrement: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=nullable, primary_key=primary_key, autoincrement=autoincrement)


def _instant(name: str, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, INSTANT, nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "mlops_receipts",
        _number("sequence", primary_key=True, autoincrement=False),
        _text("id"),
        _text("action"),
        _text("model"),
        _text("alias"),
        _number("from_version", nullable=True),
        _number("to_version", nullable=True),
        _text("actor_kind", nullable=True),
        _text("actor_id", nullable=True),
        _text("reason"),
        sa.Column("forced", sa.Boolean(), nullable=False),
        _text("undoes"),
        _text("evidence"),
        _instant("at"),
        _number("outcomes"),
        _number("format"),
        _text("key_id"),
        _text("previous"),
        _text("signature"),
        sa.UniqueConstraint("id", name="uq_mlops_receipts_id"),
    )
    op.create_index("ix_mlops_receipts_model", "mlops_receipts", ["model", "alias", "sequence"])
    op.create_table(
        "mlops_outcomes",
        _number("sequence", primary_key=True, autoincrement=False),
        sa.Column(
            "receipt",
            sa.Integer(),
            sa.ForeignKey("mlops_receipts.sequence", name="fk_mlops_outcomes_receipt"),
            nullable=False,
        ),
        _text("receipt_signature"),
        _text("state"),
        _text("why"),
        _instant("at"),
        _number("format"),
        _text("key_id"),
        _text("previous"),
        _text("signature"),
        sa.UniqueConstraint("receipt", name="uq_mlops_outcomes_receipt"),
    )
    op.create_table(
        "mlops_permits",
        _text("digest", primary_key=True),
        _text("ref", primary_key=True),
        _text("what"),
        _instant("at"),
        _number("format"),
        _text("key_id"),
        _text("signature"),
    )
    op.create_table(
        "mlops_runs",
        _number("position", primary_key=True, autoincrement=True),
        _text("id"),
        _text("grid"),
        _text("notebook"),
        _text("parameters"),
        _text("status"),
        _text("verdict"),
        sa.Column("seconds", sa.Float(), nullable=True),
        _instant("started_at", nullable=True),
        _instant("finished_at", nullable=True),
        _text("output"),
        _text("inputs"),
        _text("outputs"),
        _text("error"),
        _text("results"),
        _text("folder"),
        _text("tracking_run_id"),
        _text("more"),
        sa.UniqueConstraint("id", name="uq_mlops_runs_id"),
    )
    op.create_index("ix_mlops_runs_status", "mlops_runs", ["status", "position"])
    op.create_table(
        "mlops_pins",
        _text("ref", primary_key=True),
        _text("by", primary_key=True),
        _instant("at"),
    )
    op.create_table(
        "mlops_leases",
        _text("name", primary_key=True),
        _text("holder"),
        _text("host"),
        _number("pid"),
        _text("started"),
        _number("fence"),
        sa.Column("ttl_s", sa.Float(), nullable=False),
        _instant("renewed_at"),
    )
    for statement in _refusals(op.get_bind().dialect.name):
        op.execute(statement)


def _refusals(dialect: str) -> list[str]:
    "Triggers that refuse to change or remove a receipt or an outcome."
    tables = ("mlops_receipts", "mlops_outcomes")
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for table in tables
            for verb in ("UPDATE", "DELETE")
        ]
    return [
        "CREATE FUNCTION mlops_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$",
        *(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION mlops_append_only()"
            for table in tables
        ),
    ]
