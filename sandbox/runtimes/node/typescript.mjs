// Turns a package with TypeScript sources into one that Node.js runs: `node typescript.mjs AMARO SOURCE OUTPUT`.
// Types are removed, not checked (amaro is what Node.js itself uses). Prints "file.ts:LINE:COLUMN: text" per error.
import { createRequire } from "node:module";
import fs from "node:fs";
import path from "node:path";

const [amaro, source, output] = process.argv.slice(2);
const { transformSync } = createRequire(import.meta.url)(amaro);
const TYPESCRIPT = /\.([cm]?)ts$/;
const MODULE_SYNTAX = /^\s*(import\s*["'{*\w]|export\s)/m;

const files = list("");
const translated = new Map(); // index.ts -> index.mjs
for (const file of files) {
  const target = isSource(file) && targetOf(file);
  if (target && !files.includes(target)) translated.set(file, target); // a compiled file beside it wins
}

let failed = false;
for (const file of files) {
  const to = path.join(output, translated.get(file) ?? file);
  fs.mkdirSync(path.dirname(to), { recursive: true });
  if (translated.has(file)) translate(file, to);
  else fs.copyFileSync(path.join(source, file), to);
}
process.exitCode = failed ? 1 : 0;

function list(folder) {
  return fs.readdirSync(path.join(source, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = path.join(folder, entry.name);
    return entry.isDirectory() ? list(name) : entry.isFile() ? [name] : [];
  });
}

function isSource(file) {
  return TYPESCRIPT.test(file) && !/\.d\.[cm]?ts$/.test(file) && !file.split(path.sep).includes("node_modules");
}

function targetOf(file) {
  const stem = file.replace(TYPESCRIPT, "");
  const kind = TYPESCRIPT.exec(file)[1];
  if (kind) return `${stem}.${kind}js`;
  const isModule = MODULE_SYNTAX.test(fs.readFileSync(path.join(source, file), "utf8"));
  return isModule && packageType(path.dirname(file)) !== "module" ? `${stem}.mjs` : `${stem}.js`;
}

function packageType(folder) {
  const description = path.join(source, folder, "package.json");
  if (fs.existsSync(description)) {
    try {
      return JSON.parse(fs.readFileSync(description, "utf8")).type;
    } catch {
      return undefined;
    }
  }
  return folder === "." ? undefined : packageType(path.dirname(folder));
}

function translate(file, to) {
  const text = fs.readFileSync(path.join(source, file), "utf8");
  let result;
  try {
    result = transformSync(text, { mode: "transform", sourceMap: true, filename: path.basename(file) });
  } catch (error) {
    const [line, column] = [error.startLine ?? 1, (error.startColumn ?? 0) + 1];
    console.error(`${file}:${line}:${column}: ${error.message ?? error}`);
    failed = true;
    return;
  }
  const code = withOutputNames(withoutTypeImports(result.code), path.dirname(file));
  const map = Buffer.from(result.map).toString("base64");
  fs.writeFileSync(to, `${code}\n//# sourceMappingURL=data:application/json;base64,${map}\n`);
}

// As tsc does: a name that is imported and never used as a value was a type, and its import goes.
function withoutTypeImports(code) {
  const statement = /^[ \t]*import\s+(?:([\w$]+)\s*,?\s*)?(?:\{([^}]*)\}|\*\s+as\s+([\w$]+))?\s*from\s*(["'][^"'\n]+["']);?/gm;
  return code.replace(statement, (whole, main, named, all, from, offset) => {
    const rest = code.slice(0, offset) + code.slice(offset + whole.length);
    const used = (name) => name && new RegExp(`(?<![\\w$])${name.replace(/\$/g, "\\$")}(?![\\w$])`).test(rest);
    const specifiers = (named ?? "").split(",").map((item) => item.trim()).filter(Boolean);
    const kept = specifiers.filter((item) => used(item.split(/\s+as\s+/).pop()));
    const parts = [used(main) && main, used(all) && `* as ${all}`, kept.length > 0 && `{ ${kept.join(", ")} }`];
    const imports = parts.filter(Boolean).join(", ");
    if (!imports && named !== undefined && specifiers.length === 0) return whole; // import {} from: for its effects
    return (imports ? `import ${imports} from ${from};` : "") + "\n".repeat(whole.split("\n").length - 1);
  });
}

// Relative imports name the source as TypeScript lets one ("./helper", "./helper.ts", "./helper.js").
function withOutputNames(code, folder) {
  const specifier = /(\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)(["'])(\.\.?\/[^"'\n]+)\2/g;
  return code.replace(specifier, (whole, before, quote, name) => {
    const plain = path.join(folder, name);
    const asSource = plain.replace(/\.([cm]?)js$/, ".$1ts");
    for (const candidate of [plain, asSource, `${plain}.ts`, `${plain}.mts`, `${plain}.cts`, path.join(plain, "index.ts")]) {
      if (translated.has(candidate)) {
        const relative = path.relative(folder, translated.get(candidate));
        return `${before}${quote}${relative.startsWith(".") ? relative : `./${relative}`}${quote}`;
      }
    }
    return whole;
  });
}
