import type { ThemeConfig } from "antd";

/** Colours of charts, in the order of series; each is legible on white. */
export const SERIES = ["#0c6470", "#d98a3d", "#4a7fb5", "#8c6bb1", "#5f9e6e", "#c25b6b", "#7a8b99", "#b0a04f"];
export const INK = "#16262c";
export const QUIET = "#54666e";
export const LINE = "#e1e7ea";

/** Text tokens are darker than the defaults of the library, for contrast (WCAG AA). */
export const theme: ThemeConfig = {
  token: {
    colorPrimary: "#0c6470",
    colorInfo: "#0c6470",
    colorLink: "#0c6470",
    colorText: INK,
    colorTextSecondary: QUIET,
    colorTextDescription: QUIET,
    colorTextPlaceholder: "#63747c",
    colorBorderSecondary: LINE,
    borderRadius: 8,
    fontSize: 14,
    fontFamily:
      '"PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", system-ui, sans-serif',
  },
};
