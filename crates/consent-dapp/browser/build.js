// Bundles the modules into ../static/dist, which the Rust build embeds.
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const outdir = here("../static/dist");

const { outputFiles } = await build({
  entryPoints: { consent: here("src/consent.js"), "demo-wallet": here("src/demo-wallet.js") },
  outdir,
  bundle: true,
  // The shared verifier finds the one ethers of this bundle.
  preserveSymlinks: true,
  minify: true,
  format: "esm",
  target: ["es2022"],
  // Licence notices of what is bundled in go into a file beside it.
  legalComments: "linked",
  logLevel: "info",
  write: false,
});

await mkdir(outdir, { recursive: true });
const names = outputFiles.map((file) => basename(file.path));
for (const stale of await readdir(outdir)) {
  if (!names.includes(stale)) await rm(join(outdir, stale), { recursive: true });
}
// A file that did not change keeps its time: the Rust build has nothing to do then.
for (const file of outputFiles) {
  const before = await readFile(file.path).catch(() => undefined);
  if (!before?.equals(file.contents)) await writeFile(file.path, file.contents);
}
