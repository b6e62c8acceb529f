import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Schema, Shown } from "../api/client";
import { evidence, overview } from "../api/queries";
import { count, day, moment } from "../format";
import { useI18n } from "../i18n";
import { Sensitivity } from "../parts/Badges";
import { Grid } from "../parts/Grid";
import { Panel } from "../parts/Panel";
import { Loaded } from "../parts/State";

type Data = Schema["Evidence"];
type Clause = Schema["ClauseLine"];
type Counted = Schema["CountedRows"];

interface Props {
  id: string;
  code: string;
  onClose: () => void;
  /** Asks for the evidence of another tag that this one reads. */
  onFollow: (code: string) => void;
}

/** Why a customer has a tag value: clauses, counted rows, and when it will change. */
export function EvidencePanel({ id, code, onClose, onFollow }: Props) {
  const { t, pick } = useI18n();
  const query = useQuery(evidence(id, code));
  const name = query.data ? pick(query.data.tag.name) : code;
  return (
    <Panel title={`${t("evidence.title")} · ${name}`} onClose={onClose}>
      <Loaded query={query} rows={10}>
        {(data) => <Filled data={data} onFollow={onFollow} />}
      </Loaded>
    </Panel>
  );
}

function Filled({ data, onFollow }: { data: Data; onFollow: (code: string) => void }) {
  const { t, pick } = useI18n();
  const offset = useQuery(overview).data?.offset_minutes ?? 480;
  const ahead = useAhead(data, offset);
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
          <Link to="/tags/$code" params={{ code: data.tag.code }} className="underlined">
            {t("overview.openTag")}
          </Link>
        </p>
      </section>
      <section className="flip">
        <h3>{t("evidence.flip")}</h3>
        <p>{ahead}</p>
      </section>
      {nothing && <p className="quiet">{t("evidence.nothing")}</p>}
      {data.clauses.length > 0 && (
        <section>
          <h3>{t("evidence.clauses")}</h3>
          <ol className="clauses">
            {data.clauses.map((one, place) => (
              // oxlint-disable-next-line react/no-array-index-key -- clauses have no name but their place
              <ClauseRow key={place} clause={one} onFollow={onFollow} />
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

/** What is ahead of the value; nothing is told from where other customers decide. */
function useAhead(data: Data, offset: number): string {
  const { t, pick } = useI18n();
  if (data.flip) {
    return t("evidence.flipOn", { day: day(data.flip.at, offset), value: pick(data.flip.value) });
  }
  if (data.others_from === null) return t("evidence.noFlip", { n: data.horizon_days });
  if (data.others_from === data.as_of) return t("evidence.others");
  return t("evidence.othersFrom", { day: day(data.others_from, offset) });
}

function state(clause: Clause): "true" | "false" | "unknown" | "skipped" {
  if (clause.chosen) return "true";
  if (!clause.reached) return "skipped";
  if (clause.holds === null) return "unknown";
  return clause.holds ? "true" : "false";
}

function ClauseRow({ clause, onFollow }: { clause: Clause; onFollow: (code: string) => void }) {
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
            {one.is_tag ? (
              <button type="button" className="follow" onClick={() => onFollow(one.name)}>
                {pick(one.label)}
              </button>
            ) : (
              pick(one.label)
            )}{" "}
            = <b>{pick(one.value)}</b>
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
        <Grid
          columns={counted.columns.map((one, place) => ({
            key: one.code,
            title: pick(one.name),
            right: typeof counted.rows[0]?.[place]?.value === "number",
            render: (row: Shown[]) => (row[place] ? pick(row[place]) : null),
          }))}
          rows={counted.rows}
          rowKey={(_, place) => place}
          label={`${pick(counted.source.name)} ${counted.measure}`}
        />
      )}
    </div>
  );
}
