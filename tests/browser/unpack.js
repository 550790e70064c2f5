// After an installation: unpacks what the package carries (packed with Brotli) for ./chromium to start.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { brotliDecompressSync } from "node:zlib";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const unpacked = here("node_modules/.chromium");
const content = (name) => brotliDecompressSync(readFileSync(here(`node_modules/@sparticuz/chromium/bin/${name}.br`)));

mkdirSync(unpacked, { recursive: true });
// The libraries that a bare system lacks, the drawing without a graphics card, and the fonts.
for (const name of ["al2023.tar", "swiftshader.tar", "fonts.tar"]) {
  execFileSync("tar", ["--extract", "--no-same-owner", "--directory", unpacked], { input: content(name) });
}
writeFileSync(`${unpacked}/chromium`, content("chromium"), { mode: 0o755 });
