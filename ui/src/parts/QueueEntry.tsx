import { Link } from "@tanstack/react-router";
import type { Schema } from "../api/client";
import { useI18n } from "../i18n";
import { Terms } from "./Terms";
import { points, weight } from "./terms";

type Entry = Schema["QueueEntry"];

interface Props {
  entry: Entry;
  most: number;
  /** Names the customer and her place; without it the row stands on her own page. */
  named?: boolean;
}

/** One thing to do for one customer: level, action, what makes the score, what to do and not. */
export function QueueEntryRow({ entry, most, named = false }: Props) {
  const { t, pick, name } = useI18n();
  return (
    <li className={entry.first ? "todo todo-first" : "todo"}>
      <div className="todo-head">
        {named && (
          <span className="todo-place">
            <span className="visually-hidden">{t("queue.place", { n: entry.place })}</span>
            <span aria-hidden>{entry.place}</span>
          </span>
        )}
        <span className={`level level-${entry.first ? "first" : entry.level.en}`}>
          {pick(entry.level)}
        </span>
        <strong>{pick(entry.action.name)}</strong>
        {named && (
          <Link to="/customers/$id" params={{ id: entry.customer_id }} className="mono">
            {entry.customer_id}
          </Link>
        )}
        <span className="badge">{name("purpose", entry.purpose)}</span>
        <span className="todo-who">
          {[entry.clinic && pick(entry.clinic_name), entry.owner ?? t("queue.noOwner"), entry.role && name("role", entry.role)]
            .filter(Boolean)
            .join(" · ")}
        </span>
        <span className="todo-score">
          <span className="quiet small">{t("queue.score")}</span> {points(entry.score)}
        </span>
      </div>
      <Terms contributions={entry.contributions} score={entry.score} most={most} />
      {entry.held.length > 0 && (
        <p className="todo-held">
          {t("queue.heldBecause")}:
          {entry.held.map((one) => (
            <span key={one.code} className="badge badge-held">
              {pick(one.name)}
            </span>
          ))}
        </p>
      )}
      <details>
        <summary>{t("queue.why")}</summary>
        <div className="todo-more">
          <ul className="todo-sum">
            {entry.contributions.map((one) => (
              <li key={one.code} className={one.points ? "" : "quiet"}>
                <Link to="/tags/$code" params={{ code: one.code }} search={{}}>
                  {pick(one.name)}
                </Link>{" "}
                {pick(one.shown)}
                <span>
                  {t("queue.formula", { w: weight(one.weight), s: one.strength })} ={" "}
                  <b>{points(one.points)}</b>
                </span>
              </li>
            ))}
          </ul>
          <dl>
            {pick(entry.do) && (
              <>
                <dt className="good">{t("queue.do")}</dt>
                <dd>{pick(entry.do)}</dd>
              </>
            )}
            {pick(entry.dont) && (
              <>
                <dt className="warn">{t("queue.dont")}</dt>
                <dd>{pick(entry.dont)}</dd>
              </>
            )}
          </dl>
        </div>
      </details>
    </li>
  );
}
