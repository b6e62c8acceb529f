"""Lists of clinics and staff: imported like any export, whichever comes first."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.app.group import rows

from zhiyan.app.workspace import Workspace
from zhiyan.engines.duckdb import DuckDBEngine
from zhiyan.ports import Statement

CLINICS = (
    "门店编码,门店名称,城市,法人主体\nSH01,上海一院,上海,知颜医疗\nHZ01,杭州一院,杭州,知颜医疗\n"
)
STAFF = (
    "工号,姓名,岗位,所属门店,入职日期,离职日期\n"
    "SH01-C01,张倩倩,咨询师,上海一院,2020-01-01,\n"
    "HZ01-C01,赵蕾蕾,咨询师,杭州一院,2021-01-01,2024-12-31\n"
    ",无号,医生,杭州一院,2021-01-01,\n"
)
VISITS = (
    "到院单号,院区,病历号,姓名,手机号,到院时间\n"
    "D1,上海一院,00001,王芳,13912340001,2025-03-01 10:00\n"
    "D2,杭州一院,00001,李梅,13912340002,2025-03-02 10:00\n"
)
ORDERS = (
    "订单编号,商品名称,实付金额,支付时间,核销门店,用户手机号\n"
    "T1,光子嫩肤,199,2025-03-01 10:00,上海一院,13912340001\n"
)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    folder = tmp_path / "in"
    folder.mkdir()
    texts = {"门店": CLINICS, "员工": STAFF, "到院": VISITS, "美团订单": ORDERS}
    for name, text in texts.items():
        (folder / f"{name}.csv").write_text(text, "utf-8")
    return {name: folder / f"{name}.csv" for name in texts}


def facts(workspace: Workspace) -> dict[str, list[dict[str, object]]]:
    """Everything visible in the workspace but for when it was recorded."""
    found = {
        kind: rows(
            workspace,
            f"""SELECT * EXCLUDE (recorded_at, superseded_at, import_id, row_no)
            FROM event.{kind} WHERE superseded_at IS NULL ORDER BY event_id""",
        )
        for kind in ("visit", "order_line", "payment")
    }
    found["people"] = rows(
        workspace,
        """SELECT party_id, id_type, token, clinic FROM identity.observation
        ORDER BY ALL""",
    )
    for table in ("ref.clinic", "ref.staff"):
        found[table] = rows(workspace, f"SELECT * FROM {table} ORDER BY code")
    return found


def opened(tmp_path: Path, name: str) -> Workspace:
    Workspace.create(tmp_path / name)
    (tmp_path / name / "keys" / "workspace.key").write_bytes(
        (tmp_path / "key").read_bytes()
        if (tmp_path / "key").exists()
        else _keep(tmp_path / name / "keys" / "workspace.key", tmp_path / "key")
    )
    return Workspace.open(tmp_path / name)


def _keep(key: Path, kept: Path) -> bytes:
    kept.write_bytes(key.read_bytes())
    return key.read_bytes()


def test_lists_fill_the_reference_tables(tmp_path: Path, files: dict[str, Path]):
    with opened(tmp_path, "w") as workspace:
        clinics, staff = workspace.ingest([files["门店"], files["员工"]])
        assert (clinics.rows_read, clinics.accepted) == (2, 2)
        assert (staff.rows_read, staff.accepted, staff.quarantined) == (3, 2, 1)
        assert rows(workspace, "SELECT code, name, city FROM ref.clinic ORDER BY code") == [
            {"code": "HZ01", "name": "杭州一院", "city": "杭州"},
            {"code": "SH01", "name": "上海一院", "city": "上海"},
        ]
        found = rows(workspace, "SELECT * FROM ref.staff ORDER BY code")
        assert [(one["code"], one["clinic"], one["left_at"] is None) for one in found] == [
            ("HZ01-C01", "HZ01", False),
            ("SH01-C01", "SH01", True),
        ]
        with workspace.open_vault() as vault:
            token = str(found[0]["name_token"])
            assert "赵蕾蕾" in str(vault.reveal("staff", [token]))
        again = workspace.ingest([files["员工"]])[0]
        assert (again.accepted, again.duplicates) == (0, 3)
        files["员工"].write_text(
            STAFF.replace("HZ01-C01,赵蕾蕾,咨询师", "HZ01-C01,赵蕾蕾,店长"), "utf-8"
        )
        changed = workspace.ingest([files["员工"]])[0]
        assert (changed.corrections, changed.duplicates, changed.quarantined) == (1, 1, 1)
    names = "赵蕾蕾".encode()
    assert names not in (tmp_path / "w" / "warehouse.duckdb").read_bytes()


def test_what_a_list_gave_outlasts_the_next_opening(tmp_path: Path, files: dict[str, Path]):
    with opened(tmp_path, "w") as workspace:
        workspace.ingest([files["门店"]])
    with Workspace.open(tmp_path / "w") as workspace:
        assert len(rows(workspace, "SELECT * FROM ref.clinic")) == 2
        (report,) = workspace.ingest([files["到院"]])
        assert report.warnings == ()
        assert rows(workspace, "SELECT DISTINCT clinic FROM event.visit ORDER BY 1") == [
            {"clinic": "HZ01"},
            {"clinic": "SH01"},
        ]


def test_the_order_within_one_import_does_not_matter(tmp_path: Path, files: dict[str, Path]):
    names = list(files)
    with opened(tmp_path, "one") as workspace:
        workspace.ingest([files[name] for name in names])
        forwards = facts(workspace)
    with opened(tmp_path, "two") as workspace:
        workspace.ingest([files[name] for name in reversed(names)])
        assert facts(workspace) == forwards


def test_a_list_that_comes_late_says_what_to_import_again(tmp_path: Path, files: dict[str, Path]):
    with opened(tmp_path, "one") as workspace:
        for name in ("门店", "员工", "到院", "美团订单"):
            workspace.ingest([files[name]])
        wanted = facts(workspace)
    with opened(tmp_path, "two") as workspace:
        for name in ("到院", "美团订单", "员工"):
            workspace.ingest([files[name]])
        (late,) = workspace.ingest([files["门店"]])
        told = " ".join(late.warnings)
        assert "到院.csv" in told
        assert "重新导入" in told
        for name in ("到院", "美团订单"):
            workspace.ingest([files[name]])
        assert facts(workspace) == wanted


@pytest.mark.slow
def test_a_refresh_after_a_late_list_is_what_compute_gives(tmp_path: Path, files: dict[str, Path]):
    with opened(tmp_path, "one") as workspace:
        for name in ("到院", "美团订单", "员工"):
            workspace.ingest([files[name]])
        as_of = workspace.clock.now()
    with with_retail_tags(tmp_path / "one") as workspace:
        before = workspace.compute(as_of)
    with Workspace.open(tmp_path / "one") as workspace:
        for name in ("门店", "到院", "美团订单"):
            workspace.ingest([files[name]])
    with with_retail_tags(tmp_path / "one") as workspace:
        fresh = workspace.refresh(as_of)
        assert fresh.data != before.data  # the clinics are others
        assert workspace.compute(as_of).snapshot_id == fresh.snapshot_id


@contextmanager
def with_retail_tags(folder: Path) -> Iterator[Workspace]:
    """Open a workspace of the medical pack with the few tags of the retail pack."""
    settings = folder / "zhiyan.yaml"
    text = settings.read_text("utf-8")
    settings.write_text(text.replace("pack: medical_aesthetics", "pack: retail"), "utf-8")
    with Workspace.open(folder) as workspace:
        yield workspace
    settings.write_text(text, "utf-8")


def test_clinics_of_the_settings_go_before_a_list(tmp_path: Path, files: dict[str, Path]):
    Workspace.create(tmp_path / "w")
    settings = tmp_path / "w" / "zhiyan.yaml"
    text = settings.read_text("utf-8")
    settings.write_text(
        text.replace("clinics: []", "clinics: [{code: SH01, name: 沪一, city: 上海}] #"), "utf-8"
    )
    for _ in range(2):
        with Workspace.open(tmp_path / "w") as workspace:
            workspace.ingest([files["门店"]])
            assert rows(workspace, "SELECT name FROM ref.clinic ORDER BY code") == [
                {"name": "杭州一院"},
                {"name": "沪一"},
            ]
            (report,) = workspace.ingest([files["到院"]])
            assert {row["clinic"] for row in rows(workspace, "SELECT clinic FROM event.visit")} == {
                "SH01",
                "HZ01",
            }
            assert report.quarantined == 0
    engine = DuckDBEngine(tmp_path / "w" / "warehouse.duckdb", read_only=True)
    assert engine.query(Statement("SELECT count(*) AS n FROM event.visit")).to_pylist() == [
        {"n": 2}
    ]
    engine.close()
