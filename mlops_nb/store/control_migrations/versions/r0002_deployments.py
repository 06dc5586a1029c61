"""Revisions of deployments, access keys, alerts.

A migration is history: it spells out its own types and names, and never imports the tables of today.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

INSTANT = sa.String(32).with_variant(sa.DateTime(timezone=True), "postgresql")


def _text(name: str, nullable: bool = False, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable, primary_key=primary_key)


def _number(name: str, primary_key: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False, primary_key=primary_key, autoincrement=False)


def _instant(name: str, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, INSTANT, nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "mlops_deployments",
        _text("name", primary_key=True),
        _number("revision", primary_key=True),
        _text("model"),
        _text("routes"),
        _text("options"),
        _text("log"),
        _text("desired"),
        _text("receipt"),
        _text("actor_kind", nullable=True),
        _text("actor_id", nullable=True),
        _text("reason"),
        _instant("at"),
    )
    op.create_table(
        "mlops_keys",
        _text("id", primary_key=True),
        _text("role"),
        _text("name"),
        _text("deployments"),
        _number("per_minute"),
        _text("digest"),
        _instant("created_at"),
        _instant("revoked_at", nullable=True),
        _number("format"),
        _text("key_id"),
        _text("signature"),
    )
    op.create_table(
        "mlops_alerts",
        _text("id", primary_key=True),
        _text("cause"),
        _text("kind"),
        _text("severity"),
        _text("model"),
        _text("deployment"),
        _text("version"),
        _text("message"),
        _text("hint"),
        _number("count"),
        _instant("at"),
        _instant("last_at"),
        _instant("resolved_at", nullable=True),
    )
    is_open = sa.text("resolved_at IS NULL")
    op.create_index("ux_mlops_alerts_open", "mlops_alerts", ["cause"], unique=True, sqlite_where=is_open, postgresql_where=is_open)
    op.create_index("ix_mlops_alerts_last_at", "mlops_alerts", ["last_at"])
    for statement in _refusals(op.get_bind().dialect.name):
        op.execute(statement)


def _refusals(dialect: str) -> list[str]:
    "Triggers that refuse to change or remove a revision."
    table = "mlops_deployments"
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for verb in ("UPDATE", "DELETE")
        ]
    return [
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION mlops_append_only()"
    ]
