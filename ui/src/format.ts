import type { Lang } from "./i18n";

const LOCALE: Record<Lang, string> = { zh: "zh-CN", en: "en-GB" };

export function count(n: number, lang: Lang): string {
  return n.toLocaleString(LOCALE[lang]);
}

/** A share as a percentage: whole above ten, one decimal below, `<0.1%` for the rest. */
export function percent(share: number): string {
  const hundred = share * 100;
  if (hundred > 0 && hundred < 0.1) return "<0.1%";
  if (hundred > 99.9 && hundred < 100) return ">99.9%";
  return `${hundred.toFixed(hundred >= 10 || hundred === 0 ? 0 : 1)}%`;
}

/** A moment in the business zone, whatever zone the reader sits in. */
export function moment(iso: string, offsetMinutes: number): string {
  const local = new Date(Date.parse(iso) + offsetMinutes * 60_000);
  return local.toISOString().slice(0, 16).replace("T", " ");
}

export function day(iso: string, offsetMinutes: number): string {
  return moment(iso, offsetMinutes).slice(0, 10);
}

/** Large numbers as a person says them: 1.2 万 in Chinese, 12K in English. */
export function compact(n: number, lang: Lang): string {
  return n.toLocaleString(LOCALE[lang], { notation: "compact", maximumFractionDigits: 1 });
}

export function fen(amount: number, lang: Lang): string {
  const sign = amount < 0 ? "-" : "";
  const yuan = Math.abs(amount) / 100;
  return `${sign}¥${yuan.toLocaleString(LOCALE[lang], { maximumFractionDigits: 2 })}`;
}
