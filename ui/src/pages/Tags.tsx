import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Input } from "antd";
import { useState } from "react";
import type { Schema } from "../api/client";
import { tagTree, taxonomies } from "../api/queries";
import { percent } from "../format";
import { useI18n } from "../i18n";
import { Loaded } from "../parts/State";
import { HealthBoard } from "./Health";

type Group = Schema["TagGroup"];
type Line = Schema["TagLine"];

/** Keeps the tags of a group that fit, with the groups that still hold any. */
export function filterGroup(group: Group, wanted: string): Group | null {
  const fits = (tag: Line) =>
    `${tag.code} ${tag.name.zh} ${tag.name.en}`.toLowerCase().includes(wanted);
  const groups = group.groups
    .map((one) => filterGroup(one, wanted))
    .filter((one): one is Group => one !== null);
  const tags = group.tags.filter(fits);
  return tags.length || groups.length ? { ...group, groups, tags } : null;
}

export function size(group: Group): number {
  return group.tags.length + group.groups.reduce((all, one) => all + size(one), 0);
}

export function TagsPage() {
  const { t, pick } = useI18n();
  const { taxonomy } = useSearch({ from: "/tags" });
  const { code } = useParams({ strict: false });
  const navigate = useNavigate();
  const [wanted, setWanted] = useState("");
  const kinds = useQuery(taxonomies);
  const tree = useQuery(tagTree(taxonomy));
  const to = code ? "/tags/$code" : "/tags";
  return (
    <div className="page tags-page">
      <h1 className="visually-hidden">{t("tags.title")}</h1>
      <aside className="card tree" aria-label={t("tags.title")}>
        {kinds.data && (
          <div role="group" aria-label={t("tags.taxonomy")} className="chips">
            {kinds.data.map((one, place) => {
              const on = taxonomy ? taxonomy === one.code : place === 0;
              return (
                <button
                  key={one.code}
                  type="button"
                  aria-pressed={on}
                  className={on ? "chip chip-on" : "chip"}
                  onClick={() =>
                    void navigate({ to, params: { code }, search: { taxonomy: one.code } } as never)
                  }
                >
                  {pick(one.name)} <small>{one.tags}</small>
                </button>
              );
            })}
          </div>
        )}
        <Input
          allowClear
          placeholder={t("tags.search")}
          aria-label={t("tags.search")}
          value={wanted}
          onChange={(event) => setWanted(event.target.value)}
        />
        <Loaded query={tree} rows={12}>
          {(data) => <Groups groups={data.groups} wanted={wanted.trim().toLowerCase()} />}
        </Loaded>
      </aside>
      <div className="detail">
        {code ? <Outlet /> : <HealthBoard />}
      </div>
    </div>
  );
}

function Groups({ groups, wanted }: { groups: Group[]; wanted: string }) {
  const { t } = useI18n();
  const found = groups
    .map((one) => filterGroup(one, wanted))
    .filter((one): one is Group => one !== null);
  const all = found.reduce((total, one) => total + size(one), 0);
  return (
    <>
      <p className="quiet tree-count" role="status">
        {all ? t("tags.count", { n: all }) : t("tags.none")}
      </p>
      <div className="tree-scroll">
        {found.map((one) => (
          <Branch key={one.code} group={one} />
        ))}
      </div>
    </>
  );
}

function Branch({ group }: { group: Group }) {
  const { pick } = useI18n();
  return (
    <details open className="branch">
      <summary>
        {pick(group.name)} <small>{size(group)}</small>
      </summary>
      {group.groups.map((one) => (
        <div key={one.code} className="twig">
          <h3>{pick(one.name)}</h3>
          <Leaves group={one} />
          {one.groups.map((deep) => (
            <Branch key={deep.code} group={deep} />
          ))}
        </div>
      ))}
      <Leaves group={group} />
    </details>
  );
}

function Leaves({ group }: { group: Group }) {
  const { t, pick } = useI18n();
  if (group.tags.length === 0) return null;
  return (
    <ul>
      {group.tags.map((one) => (
        <li key={one.code}>
          <Link to="/tags/$code" params={{ code: one.code }} search={(old) => old} className="leaf">
            <span className="leaf-name">{pick(one.name)}</span>
            {one.sensitivity.startsWith("S") && (
              <span className={`dot dot-${one.sensitivity}`} title={t(`sensitivity.${one.sensitivity}`)} />
            )}
            {one.coverage !== null && one.coverage !== undefined && (
              <span className="leaf-cover">
                <span className="visually-hidden">{t("tags.coverage")} </span>
                {percent(one.coverage)}
              </span>
            )}
          </Link>
        </li>
      ))}
    </ul>
  );
}
