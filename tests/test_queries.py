"""Questions in SQL to the tables in a folder: what is found, and what is refused in one line."""

import csv
import io
import json
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from glasshouse import InputError
from glasshouse.study import query

COUPLINGS = [k / 100 for k in range(100)]
SHARES = [float(k * k % 101 > 50) for k in range(100)]


@pytest.fixture
def folder(tmp_path):
    codes = pa.array([bytes([k, 0]) for k in range(100)], pa.binary(2))
    columns = {"semantics.coupling": COUPLINGS, "cooperation_share": SHARES, "codes": codes}
    pq.write_table(pa.table(columns), tmp_path / "map.parquet")
    pq.write_table(pa.table({"row": ["a", "b"], "paid": [1.5, None]}), tmp_path / "league.parquet")
    return tmp_path


def test_every_file_is_a_table_by_its_name(folder):
    found = query(
        folder,
        'select count(*) as n, max("semantics.coupling") as most from map '
        "where cooperation_share = 1",
    )
    wanted = [x for x, share in zip(COUPLINGS, SHARES, strict=True) if share == 1]
    assert found.to_pylist() == [{"n": len(wanted), "most": max(wanted)}]
    names = query(folder, "show tables").column(0).to_pylist()
    assert sorted(names) == ["league", "map"]


def test_the_answer_comes_first(folder, call):
    assert call("query", str(folder), "select count(*) as n from map") == (0, "n: 100\n", "")
    code, said, _ = call("query", str(folder), "select * from league order by 1")
    assert code == 0
    assert [line.split() for line in said.splitlines()] == [
        ["2", "rows"], ["row", "paid"], ["a", "1.5"], ["b", "–"],
    ]  # fmt: skip
    said = call("query", str(folder), "from map")[1].splitlines()
    assert said[0] == "100 rows, the first 50 below; all by --csv or --json"
    assert len(said) == 52
    assert call("query", str(folder), "from league where row = 'c'")[1] == "0 rows\n"


def test_programs_read_all_rows(folder, call):
    said = call("query", str(folder), "from map", "--csv")[1]
    rows = list(csv.DictReader(io.StringIO(said)))
    assert [float(row["semantics.coupling"]) for row in rows] == COUPLINGS
    assert rows[10]["codes"] == "0a00"
    found = json.loads(call("query", str(folder), "from league order by row", "--json")[1])
    assert found == [{"row": "a", "paid": 1.5}, {"row": "b", "paid": None}]
    empty = call("query", str(folder), "from league where row = 'c'", "--csv")[1]
    assert empty == "row,paid\n"
    assert call("query", str(folder), "from league", "--csv", "--json")[0] == 2


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("select * from read_csv('{0}/secret.csv')", "file system operations are disabled"),
        ("select * from '{0}/map.parquet'", "file system operations are disabled"),
        ("select * from glob('{0}/*')", "file system operations are disabled"),
        ("select * from folder", "Table with name folder does not exist!.*tables: league, map"),
        ('select * from "table"', "Table with name table does not exist!"),  # a variable of ours
        ("copy map to '{0}/new.csv'", "one statement that reads"),
        ("attach '{0}/new.db'", "one statement that reads"),
        ("set enable_external_access = true", "one statement that reads"),
        ("create table league2 as from league", "one statement that reads"),
        ("from map; from league", "one statement that reads"),
        ("", "one statement that reads"),
        ("selec", "syntax error at or near"),
        ('select "coupling" from map', 'Referenced column "coupling" not found'),
        ("select error('x') from map", "Error: x$"),
    ],
)
def test_nothing_else_is_read_and_nothing_written(folder, call, sql, said):
    (folder / "secret.csv").write_text("a,b\n1,2\n")
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    with pytest.raises(InputError, match=said) as error:
        query(folder, sql.format(folder))
    assert "\n" not in str(error.value)
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before


def test_what_cannot_be_asked_is_said_in_one_line(folder, tmp_path, call, monkeypatch):
    empty = tmp_path / "empty"
    empty.mkdir()
    code, _, said = call("query", str(empty), "from map")
    assert (code, said.count("\n")) == (2, 1)
    assert "holds no tables" in said
    assert "is no folder" in call("query", str(tmp_path / "nowhere"), "from map")[2]
    (empty / "sweep.parquet").write_bytes(b"no table")
    assert "cannot be read as a table" in call("query", str(empty), "from sweep")[2]
    monkeypatch.setitem(sys.modules, "duckdb", None)
    code, _, said = call("query", str(folder), "from map")
    assert code == 2
    assert said == 'glasshouse: queries need DuckDB: pip install "glasshouse[maps]"\n'
