// Bundles the modules into ../static/dist, which the Rust build embeds.
import { rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const outdir = here("../static/dist");

await rm(outdir, { recursive: true, force: true });
await build({
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
});
