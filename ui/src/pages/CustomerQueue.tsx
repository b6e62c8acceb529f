import { useQuery } from "@tanstack/react-query";
import type { Schema } from "../api/client";
import { queueOf } from "../api/queries";
import { useI18n } from "../i18n";
import { Card } from "../parts/Card";
import { QueueEntryRow } from "../parts/QueueEntry";
import { Empty, Loaded } from "../parts/State";

type Entry = Schema["QueueEntry"];

/** What is to do for one customer, and what is held back and why. */
export function CustomerQueue({ id }: { id: string }) {
  const { t } = useI18n();
  const open = useQuery(queueOf(id, false));
  const held = useQuery(queueOf(id, true));
  return (
    <Loaded query={open} rows={6}>
      {(now) => (
        <Loaded query={held} rows={6}>
          {(back) =>
            now.entries.length + back.entries.length === 0 ? (
              <section className="card">
                <Empty text={t("profile.noQueue")} />
              </section>
            ) : (
              <div className="stack">
                <Entries title={t("profile.openActions")} entries={now.entries} />
                <Entries title={t("profile.heldActions")} entries={back.entries} />
              </div>
            )
          }
        </Loaded>
      )}
    </Loaded>
  );
}

function Entries({ title, entries }: { title: string; entries: Entry[] }) {
  const most = Math.max(1, ...entries.map((one) => one.score));
  if (entries.length === 0) return null;
  return (
    <Card title={title} extra={<small className="quiet">{entries.length}</small>}>
      <ol className="todos">
        {entries.map((one) => (
          <QueueEntryRow key={one.action.code} entry={one} most={most} />
        ))}
      </ol>
    </Card>
  );
}
