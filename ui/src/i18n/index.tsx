import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import { en } from "./en";
import { type Key, zh } from "./zh";

export type Lang = "zh" | "en";
type Both = { zh: string; en: string };
type Fill = Record<string, string | number>;

const STORE = "zhiyan.lang";
const TEXTS: Record<Lang, Record<Key, string>> = { zh, en };

export function remembered(): Lang {
  return globalThis.localStorage?.getItem(STORE) === "en" ? "en" : "zh";
}

/** Returns a text with its `{name}` places filled. */
export function say(lang: Lang, key: Key, fill: Fill = {}): string {
  return TEXTS[lang][key].replaceAll(/\{(\w+)\}/g, (_, name: string) => String(fill[name] ?? ""));
}

export function nameOf(lang: Lang, group: string, code: string): string {
  const key = `${group}.${code}`;
  return key in zh ? TEXTS[lang][key as Key] : code.replaceAll("_", " ");
}

interface I18n {
  lang: Lang;
  setLang: (lang: Lang) => void;
  t: (key: Key, fill?: Fill) => string;
  /** Names a code of the domain; codes without a name stand for themselves. */
  name: (group: string, code: string) => string;
  /** Picks the reader's language of a text that the API gives in both. */
  pick: (text: Both) => string;
}

const Context = createContext<I18n | null>(null);

export function I18nProvider({ children }: { children: ReactNode }) {
  const [lang, setLang] = useState(remembered);
  useEffect(() => {
    document.documentElement.lang = lang === "zh" ? "zh-CN" : "en";
    globalThis.localStorage?.setItem(STORE, lang);
  }, [lang]);
  const value = useMemo<I18n>(
    () => ({
      lang,
      setLang,
      t: (key, fill) => say(lang, key, fill),
      name: (group, code) => nameOf(lang, group, code),
      pick: (text) => text[lang],
    }),
    [lang],
  );
  return <Context value={value}>{children}</Context>;
}

export function useI18n(): I18n {
  const found = useContext(Context);
  if (!found) throw new Error("useI18n outside of I18nProvider");
  return found;
}
