import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Button, Checkbox, Input } from "antd";
import { useMemo, useState } from "react";
import type { Schema } from "../api/client";
import { customerHistory, overview } from "../api/queries";
import { count, day } from "../format";
import { useI18n } from "../i18n";
import { Card } from "../parts/Card";
import { Empty, Loaded } from "../parts/State";
import { at, byTag, CUSTOMER, pieces, startOf, type TagHistory } from "../parts/stretches";

type Data = Schema["History"];
type Line = Schema["StretchLine"];

/** Tags shown before one asks for more. */
const FIRST = 40;

interface Props {
  id: string;
  /** Tags of closed values, which tell most when they change: they come first. */
  closed: Set<string>;
}

/** The tags of a customer over time: since when, and what it was on a day. */
export function CustomerHistory({ id, closed }: Props) {
  const query = useQuery(customerHistory(id));
  return (
    <Loaded query={query} rows={12}>
      {(data) => <Filled data={data} closed={closed} />}
    </Loaded>
  );
}

function Filled({ data, closed }: { data: Data; closed: Set<string> }) {
  const { t, lang } = useI18n();
  const known = useQuery(overview).data;
  const offset = known?.offset_minutes ?? 480;
  const [wanted, setWanted] = useState("");
  const [changed, setChanged] = useState(true);
  const [chosen, setChosen] = useState("");
  const [all, setAll] = useState(false);
  const tags = useMemo(() => byTag(data.stretches, closed), [data, closed]);
  const starts = data.stretches.map((one) => one.valid_from);
  const from = starts.reduce((a, b) => (a < b ? a : b), starts[0] ?? "");
  const ends = [...starts, ...data.stretches.map((one) => one.valid_to ?? "")];
  const to = known?.snapshot?.as_of ?? ends.reduce((a, b) => (a > b ? a : b), from);
  // what is new at the newest snapshot has lasted no time yet, and must still be seen
  const end = new Date(Date.parse(to) + (Date.parse(to) - Date.parse(from)) / 8).toISOString();
  const moment = chosen ? startOf(chosen, offset) : null;
  const here = data.stretches.filter((one) => one.tag === CUSTOMER && one.known_to === null);
  const absent = moment !== null && at(here, moment) === undefined;
  const text = wanted.trim().toLowerCase();
  const shown = tags.filter(
    (one) =>
      (!changed || one.changes > 0 || text !== "") &&
      (text === "" || `${one.name.zh} ${one.name.en} ${one.tag}`.toLowerCase().includes(text)),
  );
  const moved = tags.filter((one) => one.changes > 0).length;
  return (
    <Card
      title={t("history.line")}
      extra={
        <small className="quiet">
          {t("history.summary", {
            n: count(tags.length, lang),
            c: count(moved, lang),
            s: count(data.stretches.length, lang),
          })}
        </small>
      }
    >
      {data.merged_into && (
        <p className="merged">
          {t("history.merged")}{" "}
          <Link to="/customers/$id" params={{ id: data.merged_into }} className="mono">
            {data.merged_into}
          </Link>
        </p>
      )}
      <div className="history-tools">
        <Input
          allowClear
          aria-label={t("history.search")}
          placeholder={t("history.search")}
          value={wanted}
          onChange={(event) => setWanted(event.target.value)}
        />
        <label className="day">
          <span>{t("history.day")}</span>
          <input
            type="date"
            value={chosen}
            min={from && day(from, offset)}
            max={to && day(to, offset)}
            onChange={(event) => setChosen(event.target.value)}
          />
        </label>
        {chosen && (
          <Button size="small" onClick={() => setChosen("")}>
            {t("history.today")}
          </Button>
        )}
        <Checkbox checked={changed} onChange={(event) => setChanged(event.target.checked)}>
          {t("history.changedOnly")}
        </Checkbox>
      </div>
      <p className="quiet small">{t("history.note")}</p>
      {absent && (
        <p className="warn" role="status">
          {t("history.notThen")}
        </p>
      )}
      {shown.length === 0 ? (
        <Empty text={t("history.none")} />
      ) : (
        <ul className={chosen ? "histories dated" : "histories"} aria-label={t("history.line")}>
          {(all ? shown : shown.slice(0, FIRST)).map((one) => (
            <Row key={one.tag} history={one} from={from} to={to} end={end} moment={moment} day={chosen} />
          ))}
        </ul>
      )}
      {shown.length > FIRST && (
        <Button size="small" type="text" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? t("common.fewer") : t("common.all", { n: shown.length })}
        </Button>
      )}
    </Card>
  );
}

interface RowProps {
  history: TagHistory;
  from: string;
  to: string;
  /** Right edge of the strip, a little after the newest snapshot. */
  end: string;
  moment: string | null;
  day: string;
}

function Row({ history, from, to, end, moment, day: chosen }: RowProps) {
  const { t, pick } = useI18n();
  const offset = useQuery(overview).data?.offset_minutes ?? 480;
  const last = at(history.stretches, to);
  const then = moment === null ? undefined : at(history.stretches, moment);
  const values = [...new Set(history.stretches.map((one) => one.value))];
  const whole = Math.max(1, Date.parse(end) - Date.parse(from));
  const said = (line: Line | undefined) => (line ? pick(line.shown) : t("common.unknown"));
  const differs = moment !== null && then?.value !== last?.value;
  return (
    <li>
      <details>
        <summary>
          <span className="history-name">{pick(history.name)}</span>
          <span className="strip" aria-hidden>
            {pieces(history.stretches, from, end).map((piece) => (
              <span
                key={piece.line.valid_from}
                title={`${day(piece.line.valid_from, offset)} ${said(piece.line)}`}
                className={`strip-piece tint-${values.indexOf(piece.line.value) % 6}`}
                style={{ left: `${piece.start}%`, width: `${piece.width}%` }}
              >
                {said(piece.line)}
              </span>
            ))}
            {moment !== null && (
              <span
                className="strip-day"
                style={{ left: `${((Date.parse(moment) - Date.parse(from)) / whole) * 100}%` }}
              />
            )}
          </span>
          {moment !== null && (
            <span className={differs ? "history-then differs" : "history-then"}>
              <span className="visually-hidden">{t("history.atDay", { day: chosen })} </span>
              {said(then)}
            </span>
          )}
          <span className="history-now">
            <span className="visually-hidden">{t("history.current")} </span>
            {said(last)}
            {history.changes > 0 && (
              <small className="quiet"> {t("history.changes", { n: history.changes })}</small>
            )}
          </span>
        </summary>
        <ol className="stretches">
          {history.stretches.toReversed().map((one) => (
            <li key={one.valid_from}>
              <span className="mono">
                {day(one.valid_from, offset)} – {one.valid_to ? day(one.valid_to, offset) : t("history.now")}
              </span>
              <b>{pick(one.shown)}</b>
              <span className="quiet small">
                {one.unseen_at === null
                  ? t("history.first")
                  : t("history.between", {
                      a: day(one.unseen_at, offset),
                      b: day(one.valid_from, offset),
                    })}{" "}
                · {t("history.version")} <code>{one.version.slice(0, 8)}</code>
              </span>
            </li>
          ))}
        </ol>
      </details>
    </li>
  );
}
