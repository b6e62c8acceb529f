import { CloseOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { type MouseEvent, type ReactNode, useEffect, useId, useRef } from "react";
import { useI18n } from "../i18n";

interface Props {
  title: string;
  onClose: () => void;
  children: ReactNode;
}

/** A side panel on the browser's own modal dialog: focus stays inside, Escape closes. */
export function Panel({ title, onClose, children }: Props) {
  const { t } = useI18n();
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const shown = dialog.current;
    if (shown && !shown.open) shown.showModal();
    return () => shown?.close();
  }, []);
  const outside = (event: MouseEvent) => {
    if (event.target === dialog.current) onClose();
  };
  return (
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-noninteractive-element-interactions -- Escape is the key for it
    <dialog
      ref={dialog}
      className="panel"
      aria-labelledby={id}
      onClick={outside}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <div className="panel-inner">
        <header>
          <h2 id={id}>{title}</h2>
          <Button
            type="text"
            icon={<CloseOutlined aria-hidden />}
            aria-label={t("common.close")}
            onClick={onClose}
          />
        </header>
        <div className="panel-body">{children}</div>
      </div>
    </dialog>
  );
}
