import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Schema, Shown } from "../api/client";
import { entered, overview } from "../api/queries";
import { day, moment, percent } from "../format";
import { useI18n } from "../i18n";
import { Card } from "../parts/Card";
import { type Column, Grid } from "../parts/Grid";
import { Empty, Loaded } from "../parts/State";

type EnteredTag = Schema["EnteredTag"];
type Entry = Schema["EnteredValue"];

interface Props {
  id: string;
  /** The values of the snapshot, by tag. */
  values: Map<string, Shown>;
}

/** What people entered of a customer, beside what the rules say; never instead of it. */
export function CustomerEntered({ id, values }: Props) {
  const { t } = useI18n();
  const query = useQuery(entered(id));
  return (
    <Loaded query={query} rows={8}>
      {(data) =>
        data.tags.length === 0 ? (
          <section className="card">
            <Empty text={t("entered.none")} hint={t("entered.noneHint")} />
          </section>
        ) : (
          <div className="stack">
            <p className="quiet small">{t("entered.readOnly")}</p>
            {data.tags.map((one) => (
              <One key={one.code} tag={one} value={values.get(one.code)} />
            ))}
          </div>
        )
      }
    </Loaded>
  );
}

function One({ tag, value }: { tag: EnteredTag; value: Shown | undefined }) {
  const { t, pick, name } = useI18n();
  const offset = useQuery(overview).data?.offset_minutes ?? 480;
  const status = (one: Entry) => (
    <span className={one.status === "live" ? "badge badge-live" : "badge"}>
      {name("status", one.status)}
    </span>
  );
  const columns: Column<Entry>[] = [
    {
      key: "value",
      title: t("entered.value"),
      render: (one) => (one.value === null ? t("entered.removal") : <b>{pick(one.shown)}</b>),
    },
    { key: "status", title: t("entered.status"), render: status },
    {
      key: "author",
      title: t("entered.author"),
      render: (one) => `${one.author ?? "–"} · ${name("way", one.way)}`,
    },
    { key: "reason", title: t("entered.reason"), render: (one) => one.reason ?? "–" },
    { key: "at", title: t("entered.at"), render: (one) => moment(one.at, offset) },
    {
      key: "until",
      title: t("entered.until"),
      render: (one) => (one.until ? day(one.until, offset) : t("entered.never")),
    },
    {
      key: "confidence",
      title: t("entered.confidence"),
      right: true,
      render: (one) => (one.confidence_ppm === null ? "–" : percent(one.confidence_ppm / 1e6)),
    },
    {
      key: "confirm",
      title: t("entered.confirm"),
      render: (one) => (one.confirm_by ? day(one.confirm_by, offset) : "–"),
    },
  ];
  return (
    <Card
      title={
        <Link to="/tags/$code" params={{ code: tag.code }} search={{}}>
          {pick(tag.name)}
        </Link>
      }
      extra={
        <span className="quiet">
          {tag.computed ? t("entered.computed") : t("entered.manualOnly")}
          {value && (
            <>
              {" · "}
              {t("evidence.value")} <b>{pick(value)}</b>
            </>
          )}
        </span>
      }
    >
      <Grid
        columns={columns}
        rows={tag.entries}
        rowKey={(one, place) => `${one.at}${place}`}
        label={pick(tag.name)}
      />
    </Card>
  );
}
