import { Segmented } from "antd";
import { useQuery } from "@tanstack/react-query";
import { Link, Outlet } from "@tanstack/react-router";
import { overview } from "../api/queries";
import { moment } from "../format";
import { type Lang, useI18n } from "../i18n";

const LANGUAGES = [
  { value: "zh", label: "中文" },
  { value: "en", label: "English" },
];

function AsOf() {
  const { t } = useI18n();
  const { data } = useQuery(overview);
  if (!data) return null;
  const age = data.snapshot?.age_days ?? 0;
  const when = age === 0 ? t("overview.today") : t("overview.age", { n: age });
  return (
    <span className="as-of">
      {data.snapshot
        ? `${t("app.asOf")} ${moment(data.snapshot.as_of, data.offset_minutes)} · ${when}`
        : t("app.noSnapshot")}
    </span>
  );
}

/** The frame of every page: name, navigation, age of the data, language. */
export function Shell() {
  const { t, lang, setLang } = useI18n();
  return (
    <>
      <a className="skip" href="#main">
        {t("app.skip")}
      </a>
      <header className="top">
        <Link to="/" className="brand">
          <img src="/icon.svg" alt="" width="28" height="28" />
          <span>{t("app.name")}</span>
        </Link>
        <nav aria-label={t("nav.main")}>
          <Link to="/" activeOptions={{ exact: true }}>
            {t("nav.overview")}
          </Link>
          <Link to="/queue">{t("nav.queue")}</Link>
          <Link to="/customers">{t("nav.customers")}</Link>
          <Link to="/tags">{t("nav.tags")}</Link>
          <Link to="/audience">{t("nav.audience")}</Link>
          <Link to="/movements">{t("nav.movements")}</Link>
        </nav>
        <div className="top-right">
          <AsOf />
          <Segmented
            size="small"
            aria-label={t("app.language")}
            options={LANGUAGES}
            value={lang}
            onChange={(chosen) => setLang(chosen as Lang)}
          />
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        <Outlet />
      </main>
    </>
  );
}
