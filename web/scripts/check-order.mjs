// Keeps the page's order: main -> shell -> rooms -> player | parts -> time | api. A room never imports another room,
// only api/ calls fetch or opens an EventSource, and no file grows over 400 lines.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const LAYERS = { main: 5, shell: 4, player: 2, parts: 2, time: 1, api: 1, style: 0 };
const ROOM = 3;
const MAX_LINES = 400;
const MAX_STYLE_LINES = 440; // of all files: twelve rooms share it
const source = resolve(process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), "../src"));

const folderOf = (file) => {
  const first = relative(source, file).split("/");
  return first.length === 1 ? "main" : first[0];
};
const layerOf = (folder) => LAYERS[folder] ?? ROOM;

function faultsOf(file) {
  const text = readFileSync(file, "utf8");
  const here = folderOf(file);
  const name = relative(source, file);
  const faults = [];
  const lines = text.split("\n").length - 1;
  if (lines > MAX_LINES) faults.push(`${name} has ${lines} lines; at most ${MAX_LINES}.`);
  if (
    here !== "api" &&
    !/\.test\.tsx?$/.test(name) &&
    /\bfetch\(|new EventSource\(|XMLHttpRequest/.test(text)
  ) {
    faults.push(`${name} talks to the server; only api/ does.`);
  }
  for (const [, target] of text.matchAll(/(?:from\s+|import\s*\(?\s*)"(\.[^"]*)"/g)) {
    const there = folderOf(resolve(dirname(file), target));
    if (there === here) continue;
    if (layerOf(there) >= layerOf(here))
      faults.push(`${name} imports ${target}: ${here} may not know ${there}.`);
  }
  return faults;
}

const files = readdirSync(source, { recursive: true })
  .filter((name) => /\.(tsx?|css)$/.test(name))
  .map((name) => join(source, name));
const faults = files.flatMap(faultsOf);
const css = files.filter((file) => file.endsWith(".css"));
const cssLines = css.reduce((sum, file) => sum + readFileSync(file, "utf8").split("\n").length - 1, 0);
if (cssLines > MAX_STYLE_LINES) faults.push(`The style has ${cssLines} lines; at most ${MAX_STYLE_LINES}.`);
for (const fault of faults) console.error(fault);
console.log(`${files.length} files keep the order${faults.length ? ", except the above" : ""}.`);
process.exit(faults.length ? 1 : 0);
