import { Link } from "@tanstack/react-router";
import { Button } from "antd";
import { useState } from "react";
import { count, percent } from "../format";
import { useI18n } from "../i18n";
import { type Slice, selects } from "./spread";

interface Props {
  items: Slice[];
  label: string;
  /** Tag behind the slices; with it each slice leads to its customers. */
  tag?: { code: string; type: string };
  /** Leaves the percentages out, where the shares do not add up to one whole. */
  plain?: boolean;
}

/** Bars shown before one asks for all. */
const FIRST = 14;

/** Slices as a list of bars, readable as text; the longest bar fills the row. */
export function Bars({ items, label, tag, plain = false }: Props) {
  const { t, lang } = useI18n();
  const [all, setAll] = useState(false);
  const longest = Math.max(1e-9, ...items.map((one) => one.share));
  const long = items.length > FIRST + 1;
  const list = (
    <ul className={plain ? "bars bars-plain" : "bars"} aria-label={label}>
      {(long && !all ? items.slice(0, FIRST) : items).map((one) => {
        const where = tag ? selects(tag.code, tag.type, one) : null;
        const name = <span className="bars-name">{one.label}</span>;
        return (
          <li key={one.label} className={one.unknown ? "bars-unknown" : ""}>
            {where ? (
              <Link to="/audience" search={{ where }} className="bars-link">
                {name}
              </Link>
            ) : (
              name
            )}
            <svg className="bars-track" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden>
              <rect width="100" height="8" rx="0" className="bars-back" />
              <rect width={(one.share / longest) * 100} height="8" className="bars-fill" />
            </svg>
            <span className="bars-count">{count(one.customers, lang)}</span>
            {!plain && <span className="bars-share">{percent(one.share)}</span>}
          </li>
        );
      })}
    </ul>
  );
  if (!long) return list;
  return (
    <>
      {list}
      <Button size="small" type="text" aria-expanded={all} onClick={() => setAll(!all)}>
        {all ? t("common.fewer") : t("common.all", { n: items.length })}
      </Button>
    </>
  );
}
