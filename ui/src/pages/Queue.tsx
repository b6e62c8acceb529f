import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Alert, Button, Segmented, Select } from "antd";
import { useState } from "react";
import type { Schema } from "../api/client";
import { overview, queue, queueChoices } from "../api/queries";
import { count, moment } from "../format";
import { useI18n } from "../i18n";
import { Bars } from "../parts/Bars";
import { Card } from "../parts/Card";
import { QueueEntryRow } from "../parts/QueueEntry";
import { Empty, Loaded } from "../parts/State";
import type { QueuePlace } from "../router";
import { Weights } from "./Weights";

type Data = Schema["Queue"];
type Choices = Schema["QueueChoices"];
/** Parts of the address to set; undefined takes one away. */
type Change = { [K in keyof QueuePlace]?: QueuePlace[K] | undefined };

/** Rows shown first, and added each time; the API gives up to 500. */
const STEP = 50;
const MOST = 500;

export function QueuePage() {
  const place = useSearch({ from: "/queue" });
  const { t } = useI18n();
  const navigate = useNavigate();
  const choices = useQuery(queueChoices);
  const go = (change: Change) =>
    void navigate({ to: "/queue", search: clean({ ...place, ...change }) });
  const { view, ...narrow } = place;
  return (
    <div className="page">
      <header className="page-head">
        <h1>{t("queue.title")}</h1>
        <p className="quiet">{t("queue.lead")}</p>
      </header>
      <Filters place={place} choices={choices.data} onChange={go} />
      {view === "weights" ? (
        <Weights narrow={narrow} />
      ) : (
        <List key={JSON.stringify(place)} narrow={narrow} held={view === "held"} onAction={(action) => go({ action })} />
      )}
    </div>
  );
}

/** Leaves out what is empty, so that addresses stay short. */
function clean(place: Change): QueuePlace {
  return Object.fromEntries(Object.entries(place).filter(([, value]) => value)) as QueuePlace;
}

interface FilterProps {
  place: QueuePlace;
  choices: Choices | undefined;
  onChange: (change: Change) => void;
}

function Filters({ place, choices, onChange }: FilterProps) {
  const { t, lang, pick, name } = useI18n();
  const said = (one: Schema["Choice"]) => {
    const label = pick(one.name);
    return label === one.code ? one.code : `${label} ${one.code}`;
  };
  const owners = (choices?.owners ?? []).filter(
    (one) => !place.clinic || one.code.startsWith(place.clinic) || one.code === place.owner,
  );
  return (
    <div className="filters card" role="search">
      <Select
        allowClear
        aria-label={t("queue.clinic")}
        placeholder={t("queue.everyClinic")}
        value={place.clinic ?? null}
        onChange={(clinic) => onChange({ clinic: clinic ?? undefined })}
        options={(choices?.clinics ?? []).map((one) => ({ value: one.code, label: said(one) }))}
      />
      <Select
        allowClear
        showSearch={{ optionFilterProp: "label" }}
        aria-label={t("queue.owner")}
        placeholder={t("queue.everyOwner")}
        value={place.owner ?? null}
        onChange={(owner) => onChange({ owner: owner ?? undefined })}
        options={[
          {
            label: t("queue.roles"),
            options: (choices?.roles ?? []).map((one) => ({ value: one, label: name("role", one) })),
          },
          {
            label: t("queue.consultants"),
            options: owners.map((one) => ({
              value: one.code,
              label: `${said(one)} · ${count(one.customers, lang)}`,
            })),
          },
        ]}
      />
      <Select
        allowClear
        showSearch={{ optionFilterProp: "label" }}
        aria-label={t("queue.action")}
        placeholder={t("queue.everyAction")}
        value={place.action ?? null}
        onChange={(action) => onChange({ action: action ?? undefined })}
        options={(choices?.actions ?? []).map((one) => ({
          value: one.code,
          label: `${pick(one.level)} ${pick(one.name)}`,
        }))}
      />
      <Segmented
        aria-label={t("queue.view")}
        value={place.view ?? "open"}
        onChange={(view) =>
          onChange({ view: view === "open" ? undefined : (view as "held" | "weights") })
        }
        options={[
          { value: "open", label: t("queue.open") },
          { value: "held", label: t("queue.held") },
          { value: "weights", label: t("queue.weights") },
        ]}
      />
    </div>
  );
}

interface ListProps {
  narrow: Omit<QueuePlace, "view">;
  held: boolean;
  onAction: (action: string) => void;
}

function List({ narrow, held, onAction }: ListProps) {
  const [limit, setLimit] = useState(STEP);
  const query = useQuery(queue({ ...narrow, held, limit }));
  return (
    <Loaded query={query} rows={14}>
      {(data) => (
        <div className="queue">
          <Rows
            data={data}
            held={held}
            busy={query.isFetching}
            onMore={limit < MOST ? () => setLimit(Math.min(MOST, limit + STEP)) : undefined}
          />
          <Aside data={data} held={held} onAction={onAction} />
        </div>
      )}
    </Loaded>
  );
}

interface RowProps {
  data: Data;
  held: boolean;
  busy: boolean;
  onMore: (() => void) | undefined;
}

function Rows({ data, held, busy, onMore }: RowProps) {
  const { t, lang } = useI18n();
  const offset = useQuery(overview).data?.offset_minutes ?? 480;
  const n = (value: number) => count(value, lang);
  const total = held ? data.blocked : data.total;
  const rest = total - data.entries.length;
  const most = Math.max(1, ...data.entries.map((one) => one.score));
  const totals = { n: n(data.total), c: n(data.customers), b: n(data.blocked) };
  return (
    <section className="card" aria-label={t("queue.list")} aria-busy={busy}>
      <header>
        <p role="status">{t("queue.total", totals)}</p>
        <small className="quiet">
          {t("app.asOf")} {moment(data.as_of, offset)}
        </small>
      </header>
      {data.missing.length > 0 && (
        <Alert type="warning" title={`${t("queue.missing")}: ${data.missing.join(", ")}`} />
      )}
      {data.entries.length === 0 ? (
        <Empty
          text={t(held ? "queue.noneHeld" : "queue.none")}
          {...(held ? {} : { hint: t("queue.noneHint") })}
        />
      ) : (
        <ol className={busy ? "todos busy" : "todos"}>
          {data.entries.map((one) => (
            <QueueEntryRow
              key={`${one.customer_id}.${one.action.code}`}
              entry={one}
              most={most}
              named
            />
          ))}
        </ol>
      )}
      {rest > 0 && (
        <p className="pager">
          <span className="quiet">{t("queue.shown", { n: n(data.entries.length) })}</span>
          {onMore && (
            <Button onClick={onMore} loading={busy}>
              {t("queue.more", { n: n(Math.min(STEP, rest)) })}
            </Button>
          )}
        </p>
      )}
    </section>
  );
}

function Aside({ data, held, onAction }: { data: Data; held: boolean; onAction: (code: string) => void }) {
  const { t, lang, pick } = useI18n();
  const rows = data.actions
    .map((one) => ({ ...one, n: held ? one.blocked : one.open }))
    .filter((one) => one.n > 0)
    .toSorted((a, b) => b.n - a.n);
  const reasons = data.suppressions
    .filter((one) => one.customers > 0)
    .toSorted((a, b) => b.customers - a.customers);
  const most = Math.max(1, ...reasons.map((one) => one.customers));
  return (
    <div className="stack">
      <Card title={t("queue.byAction")}>
        {rows.length === 0 ? (
          <p className="quiet">{t("state.empty")}</p>
        ) : (
          <ul className="counts">
            {rows.map((one) => (
              <li key={one.code}>
                <button type="button" onClick={() => onAction(one.code)}>
                  {pick(one.name)}
                </button>
                <b>{count(one.n, lang)}</b>
              </li>
            ))}
          </ul>
        )}
      </Card>
      <Card title={t("queue.byHeld")}>
        <p className="quiet small">{t("queue.heldNote")}</p>
        {reasons.length === 0 ? (
          <p className="quiet">{t("state.empty")}</p>
        ) : (
          <Bars
            label={t("queue.byHeld")}
            items={reasons.map((one) => ({
              label: pick(one.name),
              customers: one.customers,
              share: one.customers / most,
            }))}
            plain
          />
        )}
      </Card>
    </div>
  );
}
