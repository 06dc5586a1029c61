"""Schedules, their queue, and the outbox of notifications.

A migration is history: it spells out its own types and names, and never imports the tables of today.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

INSTANT = sa.String(32).with_variant(sa.DateTime(timezone=True), "postgresql")


def _text(name: str, nullable: bool = False, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable, primary_key=primary_key)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _seconds(name: str) -> sa.Column[float]:
    return sa.Column(name, sa.Float(), nullable=False)


def _instant(name: str, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, INSTANT, nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "mlops_schedules",
        _text("name", primary_key=True),
        _text("notebook"),
        _text("pipeline"),
        _text("digest"),
        _text("parameters"),
        _text("grid"),
        _text("trigger"),
        _text("spec"),
        _text("timezone"),
        _text("sentence"),
        _text("catch_up"),
        sa.Column("overlap", sa.Boolean(), nullable=False),
        _number("retries"),
        _seconds("timeout_s"),
        _text("notify"),
        _text("state"),
        _text("actor_kind", nullable=True),
        _text("actor_id", nullable=True),
        _instant("at"),
        _instant("next_at", nullable=True),
        _text("seen"),
        _instant("last_at", nullable=True),
        _text("last_state"),
        _text("last_reason"),
        _text("last_runs"),
    )
    op.create_index("ix_mlops_schedules_next_at", "mlops_schedules", ["state", "next_at"])
    op.create_table(
        "mlops_queue",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        _text("schedule"),
        _text("key"),
        _instant("due_at"),
        _instant("ready_at"),
        _text("state"),
        _text("holder"),
        _text("host"),
        _number("pid"),
        _text("started"),
        _number("fence"),
        _seconds("ttl_s"),
        _instant("renewed_at"),
        _number("attempt"),
        _text("runs"),
        _text("reason"),
        _instant("ended_at", nullable=True),
        sa.UniqueConstraint("schedule", "key", name="uq_mlops_queue_key"),
    )
    op.create_index("ix_mlops_queue_state", "mlops_queue", ["state", "ready_at"])
    op.create_table(
        "mlops_outbox",
        _text("id", primary_key=True),
        _text("key"),
        _text("event"),
        _text("channel"),
        _text("target"),
        _text("payload"),
        _text("state"),
        _number("attempts"),
        _instant("next_at"),
        _text("error"),
        _instant("at"),
        _instant("sent_at", nullable=True),
        sa.UniqueConstraint("key", name="uq_mlops_outbox_key"),
    )
    op.create_index("ix_mlops_outbox_next_at", "mlops_outbox", ["state", "next_at"])
