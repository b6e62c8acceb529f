import { useI18n } from "../i18n";
import { type Contribution, points, terms, weight } from "./terms";

interface Props {
  contributions: Contribution[];
  score: number;
  /** The score that fills the bar, so that rows can be compared. */
  most: number;
}

/** A score as a bar of its terms, each named below with what it adds. */
export function Terms({ contributions, score, most }: Props) {
  const { t, pick } = useI18n();
  const found = terms(contributions, most);
  if (found.length === 0) return <p className="quiet small">{t("queue.noTerms")}</p>;
  return (
    <div className="terms">
      <svg className="terms-bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden>
        <rect width="100" height="8" className="bars-back" />
        {found.map((term, place) => (
          <rect
            key={term.one.code}
            x={term.start}
            width={Math.max(0.4, term.width - 0.4)}
            height="8"
            className={`term-${place % 8}`}
          />
        ))}
      </svg>
      <ul aria-label={`${t("queue.terms")} ${points(score)}`}>
        {found.map((term, place) => (
          <li
            key={term.one.code}
            title={t("queue.formula", { w: weight(term.one.weight), s: term.one.strength })}
          >
            <svg viewBox="0 0 8 8" className="term-key" aria-hidden>
              <rect width="8" height="8" rx="2" className={`term-${place % 8}`} />
            </svg>
            {pick(term.one.name)} <b>{pick(term.one.shown)}</b>{" "}
            <span className="term-points">+{term.points}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
