import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import { I18nProvider } from "../i18n";
import { Bars } from "./Bars";

afterEach(cleanup);

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

test("a long list shows its head until asked", () => {
  const items = Array.from({ length: 40 }, (_, place) => ({
    label: `项目${place}`,
    customers: 1,
    share: 0.025,
  }));
  render(
    <I18nProvider>
      <Bars items={items} label="项目" />
    </I18nProvider>,
  );
  expect(screen.getAllByRole("listitem").length).toBeLessThan(40);
  fireEvent.click(screen.getByRole("button", { name: "显示全部 40 项" }));
  expect(screen.getAllByRole("listitem")).toHaveLength(40);
});
