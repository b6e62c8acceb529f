import type { Schema } from "../api/client";
import { useI18n } from "../i18n";

type Line = Schema["TagLine"];

export function Sensitivity({ level }: { level: Line["sensitivity"] }) {
  const { t } = useI18n();
  return <span className={`badge badge-${level}`}>{t(`sensitivity.${level}`)}</span>;
}

/** Says how a tag may be used in marketing; silent for the usual case. */
export function Use({ use }: { use: Line["marketing_use"] }) {
  const { t } = useI18n();
  return use === "include" ? null : <span className="badge badge-use">{t(`use.${use}`)}</span>;
}

export function Kind({ kind }: { kind: Line["kind"] }) {
  const { t } = useI18n();
  return <span className="badge">{t(`kind.${kind}`)}</span>;
}
