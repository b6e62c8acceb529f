import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { Input, Select } from "antd";
import { useEffect, useMemo, useState } from "react";
import { ApiError, type Failure, type Schema } from "../api/client";
import { audience, segments, tagTree } from "../api/queries";
import { count, percent } from "../format";
import { useI18n } from "../i18n";
import { Card } from "../parts/Card";
import { Empty, Failed } from "../parts/State";
import { BEHAVIOUR, clauseFor, everyTag, examplesFor, readsBehaviours } from "./expressions";

type Count = Schema["AudienceCount"];
type Line = Schema["TagLine"];

const WAIT = 350;

function useSettled(value: string): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), WAIT);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}

export function AudiencePage() {
  const { where } = useSearch({ from: "/audience" });
  return <Builder key={where ?? ""} start={where ?? ""} />;
}

function Builder({ start }: { start: string }) {
  const { t, pick } = useI18n();
  const predefined = useQuery(segments);
  const tree = useQuery(tagTree(undefined));
  const tags = useMemo(() => everyTag(tree.data?.groups ?? []), [tree.data]);
  const known = predefined.data?.find((one) => one.code === start);
  const [typed, setTyped] = useState<string | null>(null);
  const text = typed ?? known?.expression ?? start;
  const settled = useSettled(text.trim());
  const result = useQuery({ ...audience(settled), placeholderData: keepPreviousData });
  const add = (clause: string) =>
    setTyped(text.trim() ? `${text.trim()} and ${clause}` : clause);
  const failure = result.error instanceof ApiError ? result.error.failure : null;
  return (
    <div className="page">
      <header className="page-head">
        <h1>{t("audience.title")}</h1>
        <p className="quiet">{t("audience.combine")}</p>
      </header>
      <div className="audience">
        <div className="stack">
          <Card title={t("audience.expression")}>
            <Input.TextArea
              rows={6}
              spellCheck={false}
              className="mono"
              value={text}
              status={failure && settled ? "error" : ""}
              placeholder={t("audience.placeholder")}
              aria-label={t("audience.expression")}
              onChange={(event) => setTyped(event.target.value)}
            />
            {failure && settled && <Problems failure={failure} text={settled} />}
            <h3>{t("audience.segments")}</h3>
            <p className="chips">
              {predefined.data?.map((one) => (
                <button
                  key={one.code}
                  type="button"
                  className={text === one.expression ? "chip chip-on" : "chip"}
                  aria-pressed={text === one.expression}
                  title={pick(one.words)}
                  onClick={() => setTyped(one.expression)}
                >
                  {pick(one.name)}
                </button>
              ))}
            </p>
            <h3>{t("audience.examples")}</h3>
            <ul className="examples">
              {[...examplesFor(tags), BEHAVIOUR].map((one) => (
                <li key={one}>
                  <button type="button" onClick={() => setTyped(one)}>
                    <code>{one}</code>
                  </button>
                </li>
              ))}
            </ul>
          </Card>
          <Card title={t("audience.insert")}>
            <Picker tags={tags} onAdd={add} />
          </Card>
        </div>
        <Card title={t("audience.result")} className="result">
          {settled === "" ? (
            <Empty text={t("audience.start")} />
          ) : result.error && !failure ? (
            <Failed error={result.error} />
          ) : (
            <Result
              count={failure ? undefined : result.data}
              busy={result.isFetching || text.trim() !== settled}
              where={settled}
            />
          )}
        </Card>
      </div>
    </div>
  );
}

function Problems({ failure, text }: { failure: Failure; text: string }) {
  const { t } = useI18n();
  return (
    <div className="problems" role="alert">
      <strong>{t("audience.problem")}</strong>
      {failure.problems.map((one) => (
        <div key={`${one.code}.${one.column}.${one.message}`}>
          {one.column !== null && one.column !== undefined && <Place text={text} column={one.column} />}
          <p>
            <code>{one.code}</code> {one.message}
            {one.column !== null && ` (${t("audience.at", { n: one.column ?? 0 })})`}
            {one.hint && (
              <>
                {" "}
                · {t("audience.hint")} <b>{one.hint}</b>
              </>
            )}
          </p>
        </div>
      ))}
    </div>
  );
}

/** The expression with the word at the column marked. */
function Place({ text, column }: { text: string; column: number }) {
  const start = Math.min(Math.max(0, column - 1), text.length);
  const word = /^[\w.]+|^'[^']*'|^\S/.exec(text.slice(start))?.[0] ?? "";
  return (
    <pre>
      {text.slice(0, start)}
      <mark>{word || " "}</mark>
      {text.slice(start + word.length)}
    </pre>
  );
}

interface PickerProps {
  tags: Line[];
  onAdd: (clause: string) => void;
}

function Picker({ tags, onAdd }: PickerProps) {
  const { t, pick } = useI18n();
  const [code, setCode] = useState<string | null>(null);
  const chosen = tags.find((one) => one.code === code);
  return (
    <>
      <Select
        showSearch={{ optionFilterProp: "search" }}
        className="picker"
        placeholder={t("audience.pick")}
        aria-label={t("audience.pick")}
        value={code}
        onChange={setCode}
        options={tags.map((one) => ({
          value: one.code,
          label: `${pick(one.name)}  ${one.code}`,
          search: `${one.name.zh} ${one.name.en} ${one.code}`,
        }))}
      />
      {chosen && (
        <p className="chips" aria-label={t("audience.values")}>
          {clauseFor(chosen).map((one) => (
            <button key={one.text} type="button" className="chip" onClick={() => onAdd(one.text)}>
              {one.label ? pick(one.label) : <code>{one.text}</code>}
            </button>
          ))}
        </p>
      )}
    </>
  );
}

interface ResultProps {
  count: Count | undefined;
  busy: boolean;
  where: string;
}

function Result({ count: found, busy, where }: ResultProps) {
  const { t, lang } = useI18n();
  if (!found) return <p className="quiet">{busy ? t("audience.counting") : "–"}</p>;
  const share = (n: number) => (found.total ? n / found.total : 0);
  const parts = [
    { key: "matched", label: t("audience.matched"), n: found.matched },
    { key: "not", label: t("audience.not"), n: found.not_matched },
    { key: "unknown", label: t("audience.unknownLong"), n: found.unknown },
  ];
  return (
    <div className={busy ? "counted-up busy" : "counted-up"}>
      <p className="big" role="status" aria-live="polite">
        <strong>{count(found.matched, lang)}</strong> {t("unit.people")}
        <span className="quiet">
          {" "}
          {percent(share(found.matched))} / {count(found.total, lang)}
        </span>
      </p>
      <svg className="split" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden>
        {parts.map((one, place) => (
          <rect
            key={one.key}
            className={`split-${one.key}`}
            x={parts.slice(0, place).reduce((all, before) => all + share(before.n) * 100, 0)}
            width={share(one.n) * 100}
            height="4"
          />
        ))}
      </svg>
      <dl className="split-key">
        {parts.map((one) => (
          <div key={one.key} className={`key-${one.key}`}>
            <dt>{one.label}</dt>
            <dd>
              {count(one.n, lang)} <small>{percent(share(one.n))}</small>
            </dd>
          </div>
        ))}
      </dl>
      {found.unknown > 0 && <p className="quiet small">{t("audience.unknownWhy")}</p>}
      {found.clauses.length > 1 && (
        <>
          <h3>
            {t("audience.clauses")} <small className="quiet">{t("audience.alone")}</small>
          </h3>
          <ul className="per-clause">
            {found.clauses.map((one) => (
              <li key={one.text}>
                <code>{one.text}</code>
                <span>
                  <b>{count(one.matched, lang)}</b> {percent(share(one.matched))}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
      <Link to="/customers" search={{ where }} className="view-link">
        {t("audience.viewCustomers")}
      </Link>
      {!readsBehaviours(where) && (
        <Link to="/movements" search={{ where }} className="view-link">
          {t("audience.movements")}
        </Link>
      )}
    </div>
  );
}
