import { useQuery } from "@tanstack/react-query";
import { Segmented } from "antd";
import { useState } from "react";
import type { Schema } from "../api/client";
import { migration, type Span } from "../api/queries";
import { count, percent } from "../format";
import { useI18n } from "../i18n";
import { matrixOf, shade } from "../parts/matrix";
import { Empty, Loaded } from "../parts/State";

type Data = Schema["Migration"];

/** How customers moved between the values of a tag: a heat map that is a table, so it can be read. */
export function MigrationMatrix({ code, span }: { code: string; span: Span }) {
  const { t } = useI18n();
  const query = useQuery(migration(code, span));
  if (!code) return <Empty text={t("state.empty")} />;
  return (
    <Loaded query={query} rows={8}>
      {(data) => <Filled data={data} busy={query.isFetching} />}
    </Loaded>
  );
}

function Filled({ data, busy }: { data: Data; busy: boolean }) {
  const { t, lang, pick } = useI18n();
  const [shares, setShares] = useState(false);
  const found = matrixOf(data);
  const n = (value: number) => count(value, lang);
  if (data.cells.length === 0) return <Empty text={t("state.empty")} />;
  return (
    <>
      <div className="row-between matrix-head">
        <p>
          <b>{t("move.stayed", { p: percent(found.both ? found.stayed / found.both : 0) })}</b>{" "}
          <span className="quiet">
            {t("move.movedOf", { n: n(found.moved) })} · {t("move.matrixLead")}
          </span>
        </p>
        <Segmented
          size="small"
          aria-label={t("common.view")}
          value={shares ? "share" : "count"}
          onChange={(value) => setShares(value === "share")}
          options={[
            { value: "count", label: t("move.count") },
            { value: "share", label: t("move.share") },
          ]}
        />
      </div>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls needs focus */}
      <div className="scroll" tabIndex={0} role="region" aria-label={t("move.matrix")} aria-busy={busy}>
        <table className={busy ? "matrix grid-busy" : "matrix"}>
          <thead>
            <tr>
              <th scope="col">
                {t("move.from")} ↓ {t("move.to")} →
              </th>
              {data.values.map((one) => (
                <th key={String(one.value)} scope="col">
                  {pick(one)}
                </th>
              ))}
              <th scope="col">{t("move.total")}</th>
            </tr>
          </thead>
          <tbody>
            {data.values.map((from, row) => (
              <tr key={String(from.value)}>
                <th scope="row">{pick(from)}</th>
                {data.values.map((to, column) => {
                  const customers = found.counts[row]?.[column] ?? 0;
                  const of = found.rows[row] ?? 0;
                  const heat = `${row === column ? "stay" : "heat"}-${shade(customers, of)}`;
                  return (
                    <td
                      key={String(to.value)}
                      className={heat}
                      title={t("move.cell", { a: pick(from), b: pick(to), n: n(customers) })}
                    >
                      {customers === 0 ? "·" : shares ? percent(customers / of) : n(customers)}
                    </td>
                  );
                })}
                <td className="matrix-sum">{n(found.rows[row] ?? 0)}</td>
              </tr>
            ))}
            <tr>
              <th scope="row">{t("move.total")}</th>
              {found.columns.map((sum, place) => (
                <td key={String(data.values[place]?.value)} className="matrix-sum">
                  {n(sum)}
                </td>
              ))}
              <td className="matrix-sum">{n(found.rows.reduce((all, one) => all + one, 0))}</td>
            </tr>
          </tbody>
        </table>
      </div>
    </>
  );
}
