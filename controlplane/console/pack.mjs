// node pack.mjs DIST ARCHIVE: the files of DIST as the one archive that archive.h reads.
//
//   OFFTAKE-ASSETS 1\n
//   <bytes of the index>\n
//   {"build": "…", "files": [{"path", "type", "sha256", "bodies": [{"encoding", "offset", "bytes"}]}]}
//   the bodies, one behind the other; offsets count from the first of them
//
// A body is there as it is, and compressed where that makes it smaller. The same files give the same bytes, and an
// archive that would not change is left alone.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const types = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2",
};

const [dist, archive] = process.argv.slice(2);
const files = [];
const blobs = [];
let offset = 0;
const build = createHash("sha256");

function body(encoding, bytes) {
  blobs.push(bytes);
  offset += bytes.length;
  return { encoding, offset: offset - bytes.length, bytes: bytes.length };
}

for (const path of paths(dist)) {
  const type = types[extname(path)];
  if (type === undefined) {
    console.error(`pack.mjs: ${path}: no media type for '${extname(path)}'; add it to the table`);
    process.exit(1);
  }
  const content = readFileSync(join(dist, path));
  const sha256 = createHash("sha256").update(content).digest("hex");
  build.update(`${path} ${sha256}\n`);
  const bodies = [body("identity", content)];
  const options = {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
    },
  };
  for (const [encoding, bytes] of [
    ["gzip", gzipSync(content, { level: 9 })],
    ["br", brotliCompressSync(content, options)],
  ]) {
    if (bytes.length < content.length) bodies.push(body(encoding, bytes));
  }
  files.push({ path, type, sha256, bodies });
}

function paths(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const prefix = `${folder}/`;
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(prefix.length))
    .sort();
}

if (!files.some((file) => file.path === "index.html")) {
  console.error(`pack.mjs: ${dist} has no index.html`);
  process.exit(1);
}
const index = Buffer.from(JSON.stringify({ build: build.digest("hex").slice(0, 16), files }));
const packed = Buffer.concat([Buffer.from(`OFFTAKE-ASSETS 1\n${index.length}\n`), index, ...blobs]);
if (!existsSync(archive) || !readFileSync(archive).equals(packed)) writeFileSync(archive, packed);
