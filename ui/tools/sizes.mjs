// Sums what a first visit of each page loads, gzipped, and fails above the budgets.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const web = join(import.meta.dirname, "../../src/zhiyan/web");
const SHELL_BUDGET = 240;
const ROUTE_BUDGET = 460;

const manifest = JSON.parse(readFileSync(join(web, ".vite/manifest.json"), "utf8"));
const sizes = new Map();

function size(file) {
  if (!sizes.has(file)) {
    const path = join(web, file);
    const bytes = existsSync(`${path}.gz`) ? readFileSync(`${path}.gz`) : gzipSync(readFileSync(path));
    sizes.set(file, bytes.length);
  }
  return sizes.get(file);
}

function files(key, { dynamic }, seen = new Set()) {
  if (seen.has(key)) return seen;
  seen.add(key);
  const chunk = manifest[key];
  for (const next of chunk.imports ?? []) files(next, { dynamic }, seen);
  if (dynamic) for (const next of chunk.dynamicImports ?? []) files(next, { dynamic }, seen);
  return seen;
}

function kilobytes(keys) {
  const all = new Set();
  for (const key of keys) {
    all.add(manifest[key].file);
    for (const css of manifest[key].css ?? []) all.add(css);
  }
  return [...all].reduce((sum, file) => sum + size(file), 0) / 1000;
}

const entry = Object.keys(manifest).find((key) => manifest[key].isEntry);
const shell = files(entry, { dynamic: false });
const rows = [["shell", kilobytes(shell), SHELL_BUDGET]];
for (const key of manifest[entry].dynamicImports ?? []) {
  rows.push([key, kilobytes(files(key, { dynamic: true }, new Set(shell))), ROUTE_BUDGET]);
}
let failed = false;
for (const [name, kB, budget] of rows) {
  const over = kB > budget;
  failed ||= over;
  process.stdout.write(`${over ? "OVER" : "ok  "} ${kB.toFixed(0).padStart(4)} kB of ${budget}  ${name}\n`);
}
process.exitCode = failed ? 1 : 0;
