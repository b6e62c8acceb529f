import { ArrowLeftOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Checkbox, Segmented } from "antd";
import { lazy, Suspense, useMemo, useState } from "react";
import type { Schema, Shown } from "../api/client";
import { customer, overview } from "../api/queries";
import { count, day, moment } from "../format";
import { useI18n } from "../i18n";
import { Sensitivity, Use } from "../parts/Badges";
import { Card } from "../parts/Card";
import { Loaded } from "../parts/State";
import { VIEWS, type View } from "../router";
import { CustomerEntered } from "./CustomerEntered";
import { CustomerHistory } from "./CustomerHistory";
import { CustomerQueue } from "./CustomerQueue";

type Profile = Schema["Profile"];
type Cell = Schema["TagCell"];

/** No value, or the value that a rule gives where it cannot tell. */
function isUnknown(shown: Shown): boolean {
  return shown.value === null || shown.value === "unknown";
}

function isClosed(cell: Cell): boolean {
  return cell.type === "enum" || cell.type === "bool" || cell.type === "list";
}

const EvidencePanel = lazy(() =>
  import("./Evidence").then((found) => ({ default: found.EvidencePanel })),
);

export function CustomerPage() {
  const { id } = useParams({ from: "/customers/$id" });
  const query = useQuery(customer(id));
  return (
    <Loaded query={query} rows={14}>
      {(data) => <Filled key={data.id} data={data} />}
    </Loaded>
  );
}

function useOffset(): number {
  return useQuery(overview).data?.offset_minutes ?? 480;
}

function Filled({ data }: { data: Profile }) {
  const { t } = useI18n();
  const navigate = useNavigate();
  const { view = "tags" } = useSearch({ from: "/customers/$id" });
  const values = useMemo(
    () => new Map(data.groups.flatMap((group) => group.tags.map((one) => [one.code, one.value]))),
    [data],
  );
  const closed = useMemo(() => {
    const tags = data.groups.flatMap((group) => group.tags);
    return new Set(tags.filter(isClosed).map((one) => one.code));
  }, [data]);
  return (
    <div className="page">
      <Link to="/customers" className="quiet-link">
        <ArrowLeftOutlined aria-hidden /> {t("profile.back")}
      </Link>
      <Head data={data} />
      <Segmented
        aria-label={t("profile.views")}
        className="views"
        value={view}
        onChange={(chosen) =>
          void navigate({
            to: "/customers/$id",
            params: { id: data.id },
            search: chosen === "tags" ? {} : { view: chosen as View },
          })
        }
        options={VIEWS.map((one) => ({ value: one, label: t(`profile.view.${one}`) }))}
      />
      {view === "queue" && <CustomerQueue id={data.id} />}
      {view === "history" && <CustomerHistory id={data.id} closed={closed} />}
      {view === "entered" && <CustomerEntered id={data.id} values={values} />}
      {view === "tags" && <TagsView data={data} />}
    </div>
  );
}

function TagsView({ data }: { data: Profile }) {
  const { t, pick } = useI18n();
  const [open, setOpen] = useState<string | null>(null);
  const [hide, setHide] = useState(false);
  const dated = data.groups.some((group) => group.tags.some((one) => one.since));
  const groups = data.groups
    .map((group) => ({
      ...group,
      tags: group.tags.filter((one) => !hide || !isUnknown(one.value)),
    }))
    .filter((group) => group.tags.length > 0);
  return (
    <>
      <div className="row-between">
        <p className="quiet">
          {t("profile.known", { a: data.known, b: data.total })} · {t("profile.legend")}
          {dated && ` · ${t("profile.dates")}`}
        </p>
        <Checkbox checked={hide} onChange={(event) => setHide(event.target.checked)}>
          {t("profile.hideUnknown")}
        </Checkbox>
      </div>
      <div className="columns">
        {groups.map((group) => (
          <Card
            key={group.code}
            title={pick(group.name)}
            extra={<small className="quiet">{group.tags.length}</small>}
          >
            <ul className="cells">
              {group.tags.map((one) => (
                <TagRow key={one.code} cell={one} onOpen={() => setOpen(one.code)} />
              ))}
            </ul>
          </Card>
        ))}
      </div>
      {open && (
        <Suspense fallback={null}>
          <EvidencePanel
            id={data.id}
            code={open}
            onClose={() => setOpen(null)}
            onFollow={setOpen}
          />
        </Suspense>
      )}
    </>
  );
}

function Head({ data }: { data: Profile }) {
  const { t, lang, pick, name } = useI18n();
  const offset = useOffset();
  return (
    <header className="card profile-head">
      <div>
        <h1 className="mono">{data.id}</h1>
        <p className="quiet">
          {t("customers.firstSeen")} {day(data.first_seen, offset)} · {t("profile.parties")}{" "}
          {data.parties} · {t("profile.snapshotOf")} {moment(data.as_of, offset)}
        </p>
      </div>
      <div>
        <h2>{t("profile.identifiers")}</h2>
        <p className="badges">
          {data.identifiers.map((one) => (
            <span key={`${one.id_type}.${one.first_seen}`} className="badge">
              {name("id", one.id_type)}
              {one.verified && ` · ${t("profile.verified")}`}
              {one.persons > 1 && (
                <b className="warn"> · {t("profile.shared", { n: one.persons })}</b>
              )}
              {one.quality !== "ok" && ` · ${name("quality", one.quality)}`}
            </span>
          ))}
        </p>
      </div>
      <div>
        <h2>{t("profile.events")}</h2>
        <p className="badges">
          {data.events.map((one) => (
            <span key={one.kind} className="badge">
              {pick(one.name)} {count(one.rows, lang)}
            </span>
          ))}
        </p>
      </div>
    </header>
  );
}

function TagRow({ cell, onOpen }: { cell: Cell; onOpen: () => void }) {
  const { t, pick } = useI18n();
  const offset = useOffset();
  const unknown = isUnknown(cell.value);
  return (
    <li>
      <button type="button" onClick={onOpen} className="cell">
        <span className="cell-name">
          {pick(cell.name)}
          {cell.sensitivity.startsWith("S") && <Sensitivity level={cell.sensitivity} />}
          <Use use={cell.marketing_use} />
        </span>
        <span className={unknown ? "cell-value unknown" : "cell-value"}>{pick(cell.value)}</span>
        <span className="cell-since">
          {cell.since && !unknown && (
            <>
              <span className="visually-hidden">{t("profile.since")} </span>
              {day(cell.since, offset)}
            </>
          )}
        </span>
      </button>
    </li>
  );
}
