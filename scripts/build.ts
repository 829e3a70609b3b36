// `npm run build`: compiles src/ into dist/, puts the assets that the compiled code reads beside it, and proves that
// the result loads under plain Node with nothing but the production dependencies.
import { execFileSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Files of dev dependencies that the product serves: where they come from, and where the compiled code finds them. */
const ASSETS: Readonly<Record<string, string>> = {
  'node_modules/@scalar/api-reference/dist/browser/standalone.js': 'dist/server/docs/reference/standalone.js',
};

function node(...args: string[]): void {
  execFileSync(process.execPath, args, { cwd: ROOT, stdio: 'inherit' });
}

rmSync(join(ROOT, 'dist'), { recursive: true, force: true });
node('node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json');

for (const [from, to] of Object.entries(ASSETS)) {
  mkdirSync(dirname(join(ROOT, to)), { recursive: true });
  cpSync(join(ROOT, from), join(ROOT, to));
}

const production = ['--import', './scripts/production-only.ts'];
const modules = globSync('dist/**/*.js', { cwd: ROOT })
  .filter((file) => file !== join('dist', 'main.js') && !(file in invert(ASSETS)))
  .map((file) => `./${file}`);
node(
  ...production,
  '--input-type=module',
  '--eval',
  `for (const m of ${JSON.stringify(modules)}) await import(m)`,
);
node(...production, 'dist/main.js', 'version');

function invert(map: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(map).map(([from, to]) => [to, from]));
}
