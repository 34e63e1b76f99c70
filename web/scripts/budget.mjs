// Fails when what the browser loads before the first screen is more than the budget: the entry with all that it
// imports statically, gzipped.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const BUDGET_KIB = 180;
const dist = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", dist), "utf8"));

const files = new Set();
function collect(key) {
  const chunk = manifest[key];
  if (!chunk || files.has(chunk.file)) return;
  files.add(chunk.file);
  for (const imported of chunk.imports ?? []) collect(imported);
}
for (const [key, chunk] of Object.entries(manifest)) if (chunk.isEntry) collect(key);
const html = readFileSync(new URL("index.html", dist), "utf8");
for (const [, file] of html.matchAll(/<script[^>]+src="\/([^"]+)"/g)) files.add(file);

const kib = (bytes) => bytes / 1024;
let total = 0;
for (const file of files) {
  const size = gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length;
  total += size;
  console.log(`${kib(size).toFixed(1).padStart(7)} KiB  ${file}`);
}
console.log(`${kib(total).toFixed(1).padStart(7)} KiB  initial JavaScript, gzipped (at most ${BUDGET_KIB})`);
if (/<script(?![^>]+src=)|<style|\son\w+=/.test(html)) {
  console.error("index.html holds inline script or style: the content security policy refuses it");
  process.exit(1);
}
if (kib(total) > BUDGET_KIB) {
  console.error("over budget: load what the first screen does not need with import()");
  process.exit(1);
}
