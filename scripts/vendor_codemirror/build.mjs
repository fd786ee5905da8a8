// Rebuilds static/vendor from the npm registry: `npm ci && npm run build` in this folder.
// The versions are those of package-lock.json, so that the same files come out again.
import { build } from "esbuild";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";

const vendor = new URL("../../static/vendor/", import.meta.url).pathname;
const modules = new URL("node_modules/", import.meta.url).pathname;

const packageOf = (path) => path.match(/.*node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1];

async function codemirror() {
  const folder = `${vendor}codemirror/`;
  await rm(folder, { recursive: true, force: true });
  const result = await build({
    absWorkingDir: new URL(".", import.meta.url).pathname,
    entryPoints: ["editor.mjs"],
    bundle: true,
    splitting: true,
    format: "esm",
    target: ["es2022"],
    minify: true,
    legalComments: "none",
    entryNames: "codemirror",
    chunkNames: "[name]-[hash]",
    outdir: folder,
    metafile: true,
  });
  const used = new Set(Object.keys(result.metafile.inputs).map(packageOf).filter(Boolean));
  await writeFile(`${folder}LICENSE.txt`, await licences([...used].sort()));
}

async function licences(names) {
  const texts = [];
  for (const name of names) {
    const { version, license } = JSON.parse(await readFile(`${modules}${name}/package.json`, "utf8"));
    const text = await readFile(`${modules}${name}/LICENSE`, "utf8");
    texts.push(`${name} ${version} (${license})\n\n${text.trim()}\n`);
  }
  return texts.join(`\n${"-".repeat(79)}\n\n`);
}

async function htmx() {
  const folder = `${vendor}htmx/`;
  await mkdir(folder, { recursive: true });
  await cp(`${modules}htmx.org/dist/htmx.min.js`, `${folder}htmx.min.js`);
  await writeFile(`${folder}LICENSE.txt`, await licences(["htmx.org"]));
}

await codemirror();
await htmx();
