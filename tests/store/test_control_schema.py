"""Opening the control database: first, again, all at once, too new, not there; and the migrations that make it."""

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from control_work import open_first
from crowd import KEY, crowd

import mlops_nb
from mlops_nb.core.errors import Busy, ReadOnly, SettingsInvalid, StoreUnavailable, UsageError, WorkspaceNotWritable
from mlops_nb.core.records import Run
from mlops_nb.store import control_schema as schema
from mlops_nb.store.control import Control, check_control

def test_migrations_make_exactly_the_tables_of_the_code(control: Control) -> None:
    with control._reading() as connection:
        options = {
            "compare_type": True,
            "compare_server_default": True,
            "version_table": schema.VERSION_TABLE,
            "include_name": schema.ours,
        }
        assert compare_metadata(MigrationContext.configure(connection, opts=options), schema.metadata) == []


def test_a_column_that_no_migration_makes_is_found(control: Control) -> None:
    with control._writing() as connection:
        connection.execute(sa.text("ALTER TABLE mlops_runs DROP COLUMN folder"))
    with control._reading() as connection:
        options = {"version_table": schema.VERSION_TABLE, "include_name": schema.ours}
        (difference,) = compare_metadata(MigrationContext.configure(connection, opts=options), schema.metadata)
    assert difference[0] == "add_column" and difference[3].name == "folder"


def test_the_release_knows_each_revision_it_ships() -> None:
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    shipped = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert list(schema.REVISIONS) == shipped[::-1]


def test_tables_stand_beside_those_of_another_program(control_url: str) -> None:
    "MLflow has a table `runs`, and alembic's default table for its revision."
    url = schema.read_url(control_url)
    if url.get_backend_name() == "sqlite":
        Path(str(url.database)).parent.mkdir()
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE runs (run_uuid VARCHAR(32) PRIMARY KEY)"))
        connection.execute(sa.text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        connection.execute(sa.text("INSERT INTO alembic_version VALUES ('ff14a5b0cd11')"))
    with Control(control_url, KEY) as control:
        control.put_run(Run("a", "score.ipynb"))
        assert control.get_run("a").notebook == "score.ipynb"
    with engine.begin() as connection:
        assert connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar() == "ff14a5b0cd11"
        assert connection.execute(sa.text("SELECT count(*) FROM runs")).scalar() == 0
    engine.dispose()


def test_many_may_open_it_for_the_first_time_at_once(control_url: str) -> None:
    assert crowd(open_first, control_url, 8) == ["ok"] * 8
    with Control(control_url, KEY) as control:
        assert len(control.pinned_by("flights@1")) == 8


def test_opening_a_current_database_does_not_load_alembic(control: Control) -> None:
    url = control.url.render_as_string(hide_password=False)
    script = (
        "import sys; from mlops_nb.store.control import Control; c = Control(sys.argv[1], bytes(range(32))); c.holder('a', 'b');"
        "print([m for m in ('alembic', 'mako', 'pandas', 'mlflow') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", script, url], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_the_package_migrates_from_wherever_it_is_installed(tmp_path: Path) -> None:
    "Only the folder of the package is there: no repository, and a path that alembic's own settings would trip over."
    place = tmp_path / "site packages 100%(here)s"
    package = Path(mlops_nb.__file__).parent
    shutil.copytree(package, place / "mlops_nb", ignore=shutil.ignore_patterns("__pycache__", "labextension"))
    script = (
        "import mlops_nb, sys; from mlops_nb.store.control import Control\n"
        "assert mlops_nb.__file__.startswith(sys.argv[2]), mlops_nb.__file__\n"
        "print(Control(sys.argv[1], bytes(range(32))).check().state)"
    )
    command = [sys.executable, "-c", script, f"sqlite:///{tmp_path}/control.db", str(place)]
    run = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(place)})
    assert run.stdout.strip() == "ok", run.stderr


def test_a_newer_database_is_left_alone(control: Control) -> None:
    url = control.url.render_as_string(hide_password=False)
    with control._writing() as connection:
        connection.execute(sa.text(f"UPDATE {schema.VERSION_TABLE} SET version_num = '0999'"))
    with pytest.raises(schema.StoreTooNew, match=r"newer release .revision 0999, this one knows 0004.*upgrade mlops_nb"):
        Control(url, KEY)
    with control._reading() as connection:
        assert schema.revision(connection) == "0999"


def test_reading_only_neither_makes_nor_migrates_nor_writes(control_url: str) -> None:
    with pytest.raises((StoreUnavailable, ReadOnly), match="Open the workspace for writing once"):
        Control(control_url, KEY, read_only=True)
    with Control(control_url, KEY) as control:
        control.pin("flights@1", "a")
    with Control(control_url, KEY, read_only=True) as control:
        assert control.pins() == {"flights@1"} and control.check().state == "ok"
        for write in (lambda: control.pin("x@1", "a"), lambda: control.put_run(Run("a", "b")), lambda: control.lease("demo", "me")):
            with pytest.raises(ReadOnly, match="reading only"):
                write()
        refused = pytest.raises(WorkspaceNotWritable, match="cannot be written")
        with refused, schema.trouble(control.url), control._engine.connect() as connection:
            connection.execute(sa.delete(schema.pins))  # the database itself refuses, too


def in_a_child(check: Callable[[], bool], as_nobody: bool = False) -> bool:
    "What `check` answers in a forked process; as nobody it may write nothing of ours (root may write everything)."
    child = os.fork()
    if not child:
        try:
            if as_nobody and os.getuid() == 0:
                os.setgid(65534)
                os.setuid(65534)
            os._exit(0 if check() else 1)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(2)
    return os.waitpid(child, 0)[1] == 0


@pytest.fixture
def shared_folder() -> Iterator[Path]:
    "A folder that others may read (those of pytest they may not)."
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)
        Path(name).chmod(0o755)


def test_a_disk_that_cannot_be_written_can_be_read(shared_folder: Path) -> None:
    url = f"sqlite:///{shared_folder}/control.db"
    with Control(url, KEY) as control:
        control.pin("flights@1", "a")
    assert os.listdir(shared_folder) == ["control.db"]  # the log is merged when the last one leaves
    (shared_folder / "control.db").chmod(0o444)
    shared_folder.chmod(0o555)
    assert in_a_child(lambda: Control(url, KEY, read_only=True).pins() == {"flights@1"}, as_nobody=True)

    def refused() -> bool:
        finding = check_control(url, KEY)
        return finding.state == "fail" and "cannot be written" in finding.detail

    assert in_a_child(refused, as_nobody=True)


@pytest.mark.parametrize("password", ["s3cret", "p@ss/w:rd%"])
def test_no_error_shows_the_password(password: str) -> None:
    quoted = password.replace("%", "%25").replace("@", "%40").replace("/", "%2F").replace(":", "%3A")
    url = f"postgresql://mlops:{quoted}@127.0.0.1:9/mlops?sslpassword=hidden"
    with pytest.raises(StoreUnavailable, match=r"127\.0\.0\.1:9/mlops") as caught:
        Control(url, KEY)
    finding = check_control(url, KEY)
    for text in (str(caught.value), finding.detail + finding.remedy):
        assert not any(secret in text for secret in (password, quoted, "hidden"))
    assert finding.state == "fail" and caught.value.__cause__ is None


def test_a_wrong_password_is_said_without_it(postgres) -> None:
    url = postgres.url().replace(postgres.password, "guessed")
    with pytest.raises(StoreUnavailable, match="authentication failed") as caught:
        Control(url, KEY)
    assert "guessed" not in str(caught.value)


def test_a_server_that_comes_back_is_used_again(control_url: str) -> None:
    with Control(control_url, KEY) as control:
        control.pin("flights@1", "a")
        if control.url.get_backend_name() == "postgresql":
            with control._reading() as connection:
                mine = connection.execute(sa.text("SELECT pg_backend_pid()")).scalar()
            other = sa.create_engine(control.url)
            with other.begin() as connection:
                assert connection.execute(sa.text("SELECT pg_terminate_backend(:pid)"), {"pid": mine}).scalar()
            other.dispose()
        assert control.pins() == {"flights@1"}


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "not a database URL"),
        ("control.db", "not a database URL"),
        ("mysql://root:s3cret@localhost/x", "kind “mysql”"),
        ("sqlite://", "forget"),
        ("sqlite:///:memory:", "forget"),
        ("postgresql://u:s3cret@host:port/x", "not a database URL"),
    ],
)
def test_a_setting_that_is_no_url_is_named(url: str, words: str) -> None:
    with pytest.raises(SettingsInvalid, match=words) as caught:
        Control(url, KEY)
    assert caught.value.field == "control" and "s3cret" not in str(caught.value)


@pytest.mark.parametrize("key", [b"", b"short", "text of more than sixteen"])
def test_a_key_that_is_none_is_refused(tmp_path: Path, key) -> None:
    with pytest.raises(UsageError, match="key"):
        Control(f"sqlite:///{tmp_path}/control.db", key)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "control.db").write_text("month,late\n3,0.2\n" * 100)
    with pytest.raises(StoreUnavailable, match=r"control\.db does not answer: file is not a database"):
        Control(f"sqlite:///{tmp_path}/control.db", KEY)
    assert (tmp_path / "control.db").read_text().startswith("month,late")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WorkspaceNotWritable, match="cannot be made"):
        Control(f"sqlite:///{tmp_path}/file/control.db", KEY)


def test_a_writer_that_never_ends_is_said_to_be_busy(control_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "BUSY_S", 1)
    with Control(control_url, KEY) as control, Control(control_url, KEY) as other, control._writing() as connection:
        schema.take_turn(connection, 2)
        with pytest.raises(Busy, match="over 1 seconds"):
            other.append_receipt("promote", "delay", "champion", None, 1, None)
        assert other.receipts() == []  # readers go on


def test_a_relative_path_stays_where_it_was_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    with Control("sqlite:///state/control.db", KEY) as control:
        monkeypatch.chdir(tmp_path / "elsewhere")
        control.close()
        control.pin("flights@1", "a")
        assert control.pins() == {"flights@1"}
    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_fork_does_not_share_connections(control: Control) -> None:
    control.pin("flights@1", "parent")
    pool = control._engine.pool
    assert pool.checkedin() == 1

    def in_the_child() -> bool:
        begins_anew = control._engine.pool.checkedin() == 0
        control.pin("flights@1", "child")
        return begins_anew and control.pinned_by("flights@1") == ["child", "parent"]

    assert in_a_child(in_the_child)
    control.pin("flights@2", "parent")
    assert control.pins() == {"flights@1", "flights@2"} and control.pinned_by("flights@1") == ["child", "parent"]


def test_opening_waits_for_a_writer_that_keeps_the_log_from_being_switched_on(tmp_path: Path, monkeypatch) -> None:
    "SQLite does not queue for this one: it says “locked” at once. Waiting is what lets the other writer end here."
    other = sqlite3.connect(tmp_path / "control.db", isolation_level=None)
    other.execute("CREATE TABLE notes (text)")
    other.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr(schema.time, "sleep", lambda seconds: other.in_transaction and other.rollback())
    with Control(f"sqlite:///{tmp_path}/control.db", KEY) as control:
        assert control.check().state == "ok"
    other.close()


def test_readers_do_not_wait_for_writers(control: Control) -> None:
    with control._writing() as connection:
        schema.add_pins(connection, ["flights@1"], "a", datetime(2013, 1, 1, tzinfo=UTC))
        assert control.pins() == set()
    assert control.pins() == {"flights@1"}


def test_receipts_refuse_to_be_edited(control: Control) -> None:
    control.finish_receipt(control.append_receipt("promote", "delay", "champion", None, 1, None).id)
    for table in ("mlops_receipts", "mlops_outcomes"):
        for statement in (f"UPDATE {table} SET key_id = 'x'", f"DELETE FROM {table}"):
            with pytest.raises((sa.exc.IntegrityError, StoreUnavailable), match="append-only"), control._writing() as connection:
                connection.execute(sa.text(statement))
    assert control.holder("delay", "champion") == 1


def test_each_table_has_a_purpose(control: Control) -> None:
    with control._reading() as connection:
        assert set(sa.inspect(connection).get_table_names()) == set(schema.TABLES)
    assert all(schema.TABLES.values())


def test_sqlite_itself_finds_nothing_wrong(tmp_path: Path) -> None:
    with Control(f"sqlite:///{tmp_path}/control.db", KEY) as control:
        control.finish_receipt(control.append_receipt("promote", "delay", "champion", None, 1, None).id)
    with sqlite3.connect(tmp_path / "control.db") as raw:
        assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert raw.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    raw.close()
