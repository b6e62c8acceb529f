import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Drawer } from "antd";
import type { Schema } from "../api/client";
import { evidence, overview } from "../api/queries";
import { count, day, moment } from "../format";
import { useI18n } from "../i18n";
import { Sensitivity } from "../parts/Badges";
import { Loaded } from "../parts/State";

type Data = Schema["Evidence"];
type Clause = Schema["ClauseLine"];
type Counted = Schema["CountedRows"];

interface Props {
  id: string;
  code: string;
  onClose: () => void;
}

/** Why a customer has a tag value: clauses, counted rows, and when it will change. */
export function EvidenceDrawer({ id, code, onClose }: Props) {
  const { t, pick } = useI18n();
  const query = useQuery(evidence(id, code));
  const name = query.data ? pick(query.data.tag.name) : code;
  return (
    <Drawer
      open
      onClose={onClose}
      size={620}
      title={`${t("evidence.title")} · ${name}`}
      aria-label={t("evidence.title")}
    >
      <Loaded query={query} rows={10}>
        {(data) => <Filled data={data} />}
      </Loaded>
    </Drawer>
  );
}

function Filled({ data }: { data: Data }) {
  const { t, pick } = useI18n();
  const offset = useQuery(overview).data?.offset_minutes ?? 480;
  const nothing = data.clauses.length === 0 && data.counted.length === 0;
  return (
    <div className="evidence">
      <section className="verdict">
        <span className="quiet">{t("evidence.value")}</span>
        <strong>{pick(data.value)}</strong>
        <Sensitivity level={data.sensitivity} />
        <p className="quiet">
          {t("app.asOf")} {moment(data.as_of, offset)} · {t("evidence.rule")}{" "}
          <code>{data.fingerprint.slice(0, 12)}</code> ·{" "}
          <Link to="/tags/$code" params={{ code: data.tag.code }}>
            {data.tag.code}
          </Link>
        </p>
      </section>
      <section className="flip">
        <h3>{t("evidence.flip")}</h3>
        <p>
          {data.flip
            ? t("evidence.flipOn", {
                day: day(data.flip.at, offset),
                value: pick(data.flip.value),
              })
            : t("evidence.noFlip", { n: data.horizon_days })}
        </p>
      </section>
      {nothing && <p className="quiet">{t("evidence.nothing")}</p>}
      {data.clauses.length > 0 && (
        <section>
          <h3>{t("evidence.clauses")}</h3>
          <ol className="clauses">
            {data.clauses.map((one, place) => (
              // oxlint-disable-next-line react/no-array-index-key -- clauses have no name but their place
              <ClauseRow key={place} clause={one} />
            ))}
          </ol>
        </section>
      )}
      {data.counted.length > 0 && (
        <section>
          <h3>{t("evidence.rows")}</h3>
          {data.counted.map((one) => (
            <CountedTable key={one.measure} counted={one} />
          ))}
        </section>
      )}
    </div>
  );
}

function state(clause: Clause): "true" | "false" | "unknown" | "skipped" {
  if (!clause.reached) return "skipped";
  if (clause.holds === null) return "unknown";
  return clause.holds ? "true" : "false";
}

function ClauseRow({ clause }: { clause: Clause }) {
  const { t, pick } = useI18n();
  const found = state(clause);
  return (
    <li className={`clause clause-${found} ${clause.chosen ? "clause-chosen" : ""}`}>
      <div className="clause-line">
        <span>{clause.when ? pick(clause.when) : t("tags.otherwise")}</span>
        <b>{pick(clause.then)}</b>
      </div>
      <div className="clause-inputs">
        <span className={`verdict-${found}`}>
          {clause.chosen ? t("evidence.decides") : t(`evidence.${found}`)}
        </span>
        {clause.inputs.map((one) => (
          <span key={one.name}>
            {pick(one.label)} = <b>{pick(one.value)}</b>
          </span>
        ))}
      </div>
    </li>
  );
}

function CountedTable({ counted }: { counted: Counted }) {
  const { t, lang, pick } = useI18n();
  const shown = counted.rows.length;
  return (
    <div className="counted">
      <p>
        {pick(counted.words)} = <b>{pick(counted.value)}</b>{" "}
        <small className="quiet">
          {t("evidence.rowCount", { n: count(counted.row_count, lang) })}
          {shown < counted.row_count && ` · ${t("evidence.shown", { n: shown })}`}
        </small>
      </p>
      {shown === 0 ? (
        <p className="quiet">{t("evidence.noRows")}</p>
      ) : (
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls needs focus
        <div className="scroll" tabIndex={0} role="region" aria-label={pick(counted.source.name)}>
          <table>
            <thead>
              <tr>
                {counted.columns.map((one) => (
                  <th key={one.code}>{pick(one.name)}</th>
                ))}
              </tr>
            </thead>
            <tbody>
              {counted.rows.map((row, place) => (
                // oxlint-disable-next-line react/no-array-index-key -- rows have no key but their place
                <tr key={place}>
                  {row.map((one, column) => (
                    <td key={counted.columns[column]?.code}>{pick(one)}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </div>
  );
}
