"""What a person does about an alert: acknowledges, snoozes, mutes; and the history of it.

A migration is history: it spells out its own types and names, and never imports the tables of today.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

INSTANT = sa.String(32).with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    for name, default in (("feature", ""), ("segment", ""), ("evidence", "{}"), ("acked_by", ""), ("note", "")):
        op.add_column("mlops_alerts", sa.Column(name, sa.Text(), nullable=False, server_default=sa.text(f"'{default}'")))
    for name in ("window_start", "acked_at", "snoozed_until"):
        op.add_column("mlops_alerts", sa.Column(name, INSTANT, nullable=True))
    op.create_table(
        "mlops_alert_events",
        sa.Column("sequence", sa.Integer(), primary_key=True, autoincrement=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("alert", "model", "what", "actor", "reason")),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("until", INSTANT, nullable=True),
    )
    op.create_index("ix_mlops_alert_events_alert", "mlops_alert_events", ["alert", "sequence"])
    op.create_table(
        "mlops_mutes",
        *(sa.Column(name, sa.Text(), nullable=False, primary_key=True) for name in ("model", "feature", "kind")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("reason", "actor")),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("until", INSTANT, nullable=True),
    )
    op.create_index("ix_mlops_runs_grid", "mlops_runs", ["grid", "position"])
