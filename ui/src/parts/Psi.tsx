import { useI18n } from "../i18n";

/** Usual reading of the population stability index: under 0.1 stable, from 0.25 another base. */
export function psiLevel(value: number): "stable" | "drift" | "broken" {
  if (value < 0.1) return "stable";
  return value < 0.25 ? "drift" : "broken";
}

const WORDS = { stable: "life.psiStable", drift: "life.psiDrift", broken: "life.psiBroken" } as const;

/** A stability index with its reading, which colour alone does not tell. */
export function Psi({ value }: { value: number | null }) {
  const { t } = useI18n();
  if (value === null) return <span className="quiet">–</span>;
  const level = psiLevel(value);
  return (
    <span className={`psi psi-${level}`}>
      {value < 0.001 && value > 0 ? "<0.001" : value.toFixed(3)}
      <span className={level === "stable" ? "visually-hidden" : ""}> {t(WORDS[level])}</span>
    </span>
  );
}
