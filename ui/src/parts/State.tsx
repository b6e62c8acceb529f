import { Alert, Button, Skeleton } from "antd";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ApiError } from "../api/client";
import { useI18n } from "../i18n";

interface Props<T> {
  query: UseQueryResult<T>;
  rows?: number;
  children: (data: T) => ReactNode;
}

/** Shows what a query brought, a skeleton until then, and what went wrong if it failed. */
export function Loaded<T>({ query, rows = 4, children }: Props<T>) {
  const { t } = useI18n();
  if (query.data !== undefined) return children(query.data);
  if (query.isPending) {
    return (
      <div aria-busy="true" aria-label={t("state.loading")} role="status" className="pad">
        <Skeleton active title={false} paragraph={{ rows }} />
      </div>
    );
  }
  return <Failed error={query.error} retry={() => void query.refetch()} />;
}

export function Failed({ error, retry }: { error: unknown; retry?: () => void }) {
  const { t } = useI18n();
  const failure = error instanceof ApiError ? error.failure : null;
  const hint = failure?.hint ? ` · ${failure.hint}` : "";
  return (
    <Alert
      type="error"
      showIcon
      title={t("state.failed")}
      description={failure ? `${failure.code} ${failure.message}${hint}` : String(error)}
      action={retry && <Button onClick={retry}>{t("state.retry")}</Button>}
    />
  );
}

export function Empty({ text, hint }: { text: string; hint?: string }) {
  return (
    <div className="empty">
      <p>{text}</p>
      {hint && <small>{hint}</small>}
    </div>
  );
}
