import "./styles.css";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { ConfigProvider } from "antd";
import enGB from "antd/locale/en_GB";
import zhCN from "antd/locale/zh_CN";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { queryClient } from "./api/queries";
import { I18nProvider, useI18n } from "./i18n";
import { router } from "./router";
import { theme } from "./theme";

/** The page's nonce: without it the browser refuses style elements made by scripts. */
const nonce = document.querySelector<HTMLMetaElement>("meta[property=csp-nonce]")?.nonce;

export function App() {
  const { lang } = useI18n();
  return (
    <ConfigProvider
      theme={theme}
      locale={lang === "zh" ? zhCN : enGB}
      button={{ autoInsertSpace: false }}
      {...(nonce ? { csp: { nonce } } : {})}
    >
      <RouterProvider router={router} />
    </ConfigProvider>
  );
}

const place = document.querySelector("#root");
if (place) {
  createRoot(place).render(
    <StrictMode>
      <QueryClientProvider client={queryClient}>
        <I18nProvider>
          <App />
        </I18nProvider>
      </QueryClientProvider>
    </StrictMode>,
  );
}
