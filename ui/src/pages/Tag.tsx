import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Schema } from "../api/client";
import { tag } from "../api/queries";
import { percent } from "../format";
import { useI18n } from "../i18n";
import { Kind, Sensitivity, Use } from "../parts/Badges";
import { Card } from "../parts/Card";
import { SpreadChart } from "../parts/SpreadChart";
import { Loaded } from "../parts/State";
import { TagLife } from "./TagLife";

type Detail = Schema["TagDetail"];
type Named = Schema["Named"];

export function TagPage() {
  const { code } = useParams({ from: "/tags/$code" });
  const query = useQuery(tag(code));
  return (
    <Loaded query={query} rows={10}>
      {(data) => <Filled data={data} />}
    </Loaded>
  );
}

function Filled({ data }: { data: Detail }) {
  const { t, pick } = useI18n();
  return (
    <article className="stack" aria-labelledby="tag-name">
      <header className="card tag-head">
        <div>
          <h2 id="tag-name">
            {pick(data.name)} <code>{data.code}</code>
          </h2>
          <p className="badges">
            <Kind kind={data.kind} />
            <span className="badge">{t(`type.${data.type}`)}</span>
            <Sensitivity level={data.sensitivity} />
            <Use use={data.marketing_use} />
          </p>
          <p>{pick(data.description)}</p>
        </div>
        <Coverage data={data} />
      </header>
      <div className="grid-2">
        {data.spread && (
          <Card title={t("tags.distribution")}>
            <SpreadChart
              key={data.code}
              spread={data.spread}
              label={`${pick(data.name)} ${t("tags.distribution")}`}
              tag={data}
            />
          </Card>
        )}
        <Card title={t("tags.definition")}>
          <Definition data={data} />
        </Card>
      </div>
      <TagLife key={data.code} code={data.code} status={data.status} />
      <Card title={t("tags.about")}>
        <About data={data} />
      </Card>
    </article>
  );
}

function Coverage({ data }: { data: Detail }) {
  const { t } = useI18n();
  const fresh = data.freshness.fresh;
  return (
    <div className="cover">
      <span className="cover-label">{t("tags.coverage")}</span>
      <strong>{data.coverage === null ? "–" : percent(data.coverage)}</strong>
      {fresh !== null && (
        <span className={fresh ? "good" : "warn"}>{t(fresh ? "tags.fresh" : "tags.stale")}</span>
      )}
    </div>
  );
}

function Definition({ data }: { data: Detail }) {
  const { t, pick } = useI18n();
  const { measures, cases, formula } = data.definition;
  const given = data.kind === "manual" ? t("tags.manual") : data.kind === "model" ? t("tags.model") : null;
  return (
    <div className="definition">
      {given && <p>{given}</p>}
      {cases.length > 0 && (
        <>
          <h3>{t("tags.cases")}</h3>
          <ol className="cases">
            {cases.map((one, place) => (
              // oxlint-disable-next-line react/no-array-index-key -- cases have no name but their place
              <li key={place}>
                <span>{one.when ? pick(one.when) : t("tags.otherwise")}</span>
                <b>{pick(one.then)}</b>
              </li>
            ))}
          </ol>
        </>
      )}
      {formula && (
        <>
          <h3>{t("tags.formula")}</h3>
          <p className="formula">{pick(formula)}</p>
        </>
      )}
      {measures.length > 0 && (
        <>
          <h3>{t("tags.measures")}</h3>
          <ul className="measures">
            {measures.map((one) => (
              <li key={one.name}>
                {one.name !== "value" && <code>{one.name}</code>} {pick(one.words)}
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}

function Row({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Tags({ tags }: { tags: Named[] }) {
  const { pick } = useI18n();
  if (tags.length === 0) return "–";
  return tags.map((one) => (
    <Link key={one.code} to="/tags/$code" params={{ code: one.code }} search={(old) => old} className="chip">
      {pick(one.name)}
    </Link>
  ));
}

function About({ data }: { data: Detail }) {
  const { t, pick, name } = useI18n();
  const limit = data.freshness.limit_days;
  const meanings = data.meanings.filter((one) => one.meaning);
  return (
    <dl className="facts">
      <Row name={t("tags.sources")}>{data.sources.map((one) => pick(one.name)).join("、") || "–"}</Row>
      <Row name={t("tags.dependsOn")}>
        <Tags tags={data.depends_on} />
      </Row>
      <Row name={t("tags.usedBy")}>
        <Tags tags={data.used_by} />
      </Row>
      <Row name={t("tags.usedIn")}>
        {data.segments.length === 0
          ? "–"
          : data.segments.map((one) => (
              <Link key={one.code} to="/audience" search={{ where: one.code }} className="chip">
                {pick(one.name)}
              </Link>
            ))}
      </Row>
      <Row name={t("tags.owner")}>{name("role", data.owner)}</Row>
      <Row name={t("tags.refresh")}>{name("refresh", data.refresh)}</Row>
      <Row name={t("tags.limit")}>
        {limit === null ? t("tags.noLimit") : `${limit} ${t("unit.days")}`}
      </Row>
      <Row name={t("tags.consent")}>{name("consent", data.consent)}</Row>
      <Row name={t("tags.use")}>{t(`use.${data.marketing_use}`)}</Row>
      <Row name={t("tags.purposes")}>{data.purposes.map((one) => name("purpose", one)).join("、") || "–"}</Row>
      <Row name={t("tags.priority")}>
        {data.priority} · {t("tags.weight")} {data.weight}
      </Row>
      <Row name={t("tags.version")}>
        <code>{data.fingerprint.slice(0, 12)}</code>
      </Row>
      <Row name={t("tags.definedAt")}>
        <code>{data.defined_at.split("/").slice(-2).join("/")}</code>
      </Row>
      {data.example && <Row name={t("tags.example")}>{data.example}</Row>}
      {meanings.length > 0 && (
        <Row name={t("tags.meanings")}>
          {meanings.map((one) => `${pick(one)}:${one.meaning}`).join(";")}
        </Row>
      )}
    </dl>
  );
}
