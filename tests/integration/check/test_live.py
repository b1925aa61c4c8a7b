"""`overgrow check --live` and `--record` against real databases: every difference named, nothing changed by looking."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result

from overgrow.cli import cli, main
from overgrow.sources import catalogue
from overgrow.stack import Endpoints
from tests.unit.mapping import sample
from tests.unit.mapping.sample import CATALOGUE, CUSTOMERS, MAPPING, changed, line_of

pytestmark = pytest.mark.stack
FILE = "schemas/source/public.kunde.yaml"
KUNDE = """
CREATE TABLE public.kunde (
    kd_nr int PRIMARY KEY, name varchar(80) NOT NULL, status char(1) NOT NULL, saldo numeric(12,2), angelegt timestamp,
    geaendert timestamptz, attrs jsonb, notiz text, aktiv boolean NOT NULL, geburt date, zeit time, foto bytea,
    dauer interval, ext_id uuid
)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A project with a source and a target of its own."""

    folder: Path
    source: str
    target: str

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(cli, ["--project", str(self.folder), "check", *words])

    def on_source(self, *statements: str) -> None:
        _run(self.source, *statements)

    def on_target(self, *statements: str) -> None:
        _run(self.target, *statements)

    def codes(self) -> list[tuple[str, int, str]]:
        result = self.run("--live", "--json")
        document = json.loads(result.stdout)
        assert result.exit_code == (3 if document["problems"] else 0), result.output
        return [(one["file"], one["line"], one["code"]) for one in document["problems"]]


def _run(dsn: str, *statements: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


@pytest.fixture
def ground(endpoints: Endpoints, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    name = f"check_{uuid.uuid4().hex[:8]}"
    servers = {"SOURCE": endpoints.source_dsn, "TARGET": endpoints.target_dsn}
    own = {side: f"{dsn.rpartition('/')[0]}/{name}" for side, dsn in servers.items()}
    for side, dsn in servers.items():
        _run(dsn, f"CREATE DATABASE {name}")
        monkeypatch.setenv(f"OVERGROW_{side}_DSN", own[side])
    try:
        _run(own["SOURCE"], KUNDE)
        yield Ground(folder=sample.write(tmp_path), source=own["SOURCE"], target=own["TARGET"])
    finally:
        for dsn in servers.values():
            _run(dsn, f"DROP DATABASE {name} WITH (FORCE)")


def test_what_is_as_recorded_and_not_made_yet(ground: Ground) -> None:
    result = ground.run("--live")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "ok: 1 source table as recorded" in result.stderr
    assert "not made yet: crm.customers; next: `overgrow apply`" in result.stderr
    ground.on_target(*(ground.folder / "schemas/target/crm.sql").read_text().split(";\n"))
    result = ground.run("--live")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "ok: 1 target table as declared" in result.stderr


def test_every_change_of_the_source_is_named_at_its_line(ground: Ground) -> None:
    ground.on_source(
        "ALTER TABLE kunde ADD neu text",
        "ALTER TABLE kunde DROP COLUMN geburt",
        "ALTER TABLE kunde ALTER saldo TYPE numeric(14,2)",
        "ALTER TABLE kunde ALTER notiz SET NOT NULL",
        "ALTER TABLE kunde REPLICA IDENTITY FULL",
        "ALTER TABLE kunde DROP CONSTRAINT kunde_pkey",
        "ALTER TABLE kunde ADD PRIMARY KEY (kd_nr, name)",
    )
    assert ground.codes() == sorted(
        (FILE, line_of(CATALOGUE, part), code)
        for part, code in (
            ("key: [", "live-key"),
            ("replica_identity", "live-replica-identity"),
            ("columns:", "live-column"),
            ("geburt", "live-column"),
            ("saldo", "live-type"),
            ("notiz", "live-nullable"),
        )
    )
    ground.on_source("DROP TABLE kunde")
    assert ground.codes() == [(FILE, 1, "live-table")]


def test_every_change_of_the_target_is_named_at_its_line(ground: Ground) -> None:
    ddl = (ground.folder / "schemas/target/crm.sql").read_text()
    ground.on_target(
        *ddl.split(";\n"),
        "ALTER TABLE crm.customers ALTER note TYPE varchar(9)",
        "ALTER TABLE crm.customers DROP COLUMN photo",
        "ALTER TABLE crm.customers ALTER born SET NOT NULL",
        "ALTER TABLE crm.customers ADD must int NOT NULL",
        "ALTER TABLE crm.customers ADD may int NOT NULL DEFAULT 0, ADD _og_off bigint NOT NULL",
    )
    assert ground.codes() == sorted(
        ("schemas/target/crm.sql", line_of(ddl, part), code)
        for part, code in (
            ("CREATE TABLE", "target-column"),
            ("note text", "target-type"),
            ("photo", "target-column"),
            ("born", "target-nullable"),
        )
    )


def test_recording_shows_asks_and_writes_what_then_is_no_difference(ground: Ground) -> None:
    before = (ground.folder / FILE).read_text()
    ground.on_source("ALTER TABLE kunde ADD neu text, ALTER saldo TYPE numeric(14,2)")
    dry = ground.run("--record", "--dry-run")
    assert dry.exit_code == 0
    assert '-  saldo: {type: "numeric(12,2)", nullable: true}\n' in dry.stdout
    assert '"numeric(14,2)"' in dry.stdout
    assert (ground.folder / FILE).read_text() == before
    refused = CliRunner().invoke(cli, ["--project", str(ground.folder), "check", "--record"], input="n\n")
    assert refused.exit_code == 1
    assert (ground.folder / FILE).read_text() == before
    written = json.loads(ground.run("--record", "public.kunde", "--yes", "--json").stdout)
    assert (written["written"], [one["file"] for one in written["files"]]) == (True, [FILE])
    assert '  name: {type: "varchar(80)", nullable: false}\n' in (ground.folder / FILE).read_text()
    offline = ground.run()
    assert offline.exit_code == 2
    assert "unmapped-column" in offline.stdout  # `check` says what the mapping makes of it
    (ground.folder / CUSTOMERS).write_text(changed(MAPPING, ("[dauer]", "[dauer, neu]")))
    assert ground.codes() == []
    again = ground.run("--record", "--yes")
    assert (again.exit_code, again.stdout) == (0, "")
    assert "as recorded: 1 of 1 tables" in again.stderr


def test_a_new_table_is_recorded_in_a_project_that_does_not_check_yet(ground: Ground) -> None:
    ground.on_source('CREATE TABLE "Alt Ware" ("Nr." int, "on" char(3), made date, PRIMARY KEY ("Nr.", "on"))')
    (ground.folder / CUSTOMERS).write_text("mapping: [\n")
    result = ground.run("--record", "public.Alt Ware", "--yes")
    assert result.exit_code == 0, result.output
    text = (ground.folder / "schemas/source/public.Alt Ware.yaml").read_text()
    assert 'key: ["Nr.", "on"]\n' in text
    assert '"char(3)", nullable: false' in text


def test_all_tables_or_none(ground: Ground) -> None:
    before = (ground.folder / FILE).read_text()
    ground.on_source("CREATE TABLE log (at timestamp)", "ALTER TABLE kunde ADD neu text")
    result = ground.run("--record", "--yes", "public.kunde", "public.log", "public.gone")
    assert str(result.exception).startswith("nothing was written. public.log: it has no primary key")
    assert "public.gone: the source has no such table" in str(result.exception)
    assert (ground.folder / FILE).read_text() == before
    assert not (ground.folder / "schemas/source/public.log.yaml").exists()


def test_looking_can_change_nothing(ground: Ground) -> None:
    with (
        catalogue.reading(ground.source, what="source", application="overgrow:check") as connection,
        pytest.raises(psycopg.errors.ReadOnlySqlTransaction),
    ):
        connection.execute("CREATE TABLE x (a int)")
    with catalogue.reading(ground.source, what="source", application="overgrow:check") as connection:
        shown = connection.execute("SHOW statement_timeout").fetchone()
    assert shown == (f"{catalogue.STATEMENT_SECONDS}s",)


def test_a_source_that_does_not_answer_is_exit_5(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OVERGROW_SOURCE_DSN", "postgresql://u:secret@127.0.0.1:1/none")
    monkeypatch.setattr("sys.argv", ["overgrow", "--project", str(ground.folder), "check", "--live"])
    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr().err
    assert ended.value.code == 5
    assert "the source database at 127.0.0.1:1/none does not answer" in told
    assert "secret" not in told
