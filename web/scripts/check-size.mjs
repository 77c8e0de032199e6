// First load: every script that index.html pulls in at once, gzipped. Prints it, and fails above the budget.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const BUDGET_BYTES = 60_000;
const built = process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), "../../src/watchkeep/webui");
const manifest = JSON.parse(readFileSync(join(built, "manifest.json"), "utf8"));

function chunksFrom(name, seen = new Set()) {
  if (seen.has(name)) return seen;
  seen.add(name);
  for (const next of manifest[name].imports ?? []) chunksFrom(next, seen);
  return seen;
}

const entry = Object.keys(manifest).find((name) => manifest[name].isEntry);
if (!entry) throw new Error(`No entry in ${join(built, "manifest.json")}: build the page first.`);
const first = chunksFrom(entry);
const size = (name) => gzipSync(readFileSync(join(built, manifest[name].file)), { level: 9 }).length;
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;

const firstBytes = [...first].reduce((sum, name) => sum + size(name), 0);
for (const name of Object.keys(manifest).filter((name) => manifest[name].file.endsWith(".js"))) {
  console.log(
    `${first.has(name) ? "first load" : "on demand "}  ${kilobytes(size(name)).padStart(9)}  ${name}`,
  );
}
console.log(`first load of script: ${kilobytes(firstBytes)} gzipped, budget ${kilobytes(BUDGET_BYTES)}`);
if (firstBytes > BUDGET_BYTES) {
  console.error("The first load is over its budget: load something on demand.");
  process.exit(1);
}
