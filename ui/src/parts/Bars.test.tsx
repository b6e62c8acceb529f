import { render, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { I18nProvider } from "../i18n";
import { Bars } from "./Bars";

test("bars read as text", () => {
  const items = [
    { label: "新客户", customers: 1500, share: 0.75 },
    { label: "未知", customers: 500, share: 0.25, unknown: true },
  ];
  render(
    <I18nProvider>
      <Bars items={items} label="阶段" />
    </I18nProvider>,
  );
  expect(screen.getByRole("list", { name: "阶段" }).textContent).toContain("新客户1,50075%");
});
