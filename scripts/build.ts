// `npm run build`: compiles src/ into dist/, puts the files that the compiled code reads beside it, and proves that the
// result loads under plain Node with nothing but the production dependencies. What the build cannot know in a folder
// without Git comes from UNKEY_REVISION.
import { execFileSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The reference page's script, from a dev dependency: the compiled server looks for it beside itself. */
const REFERENCE_SCRIPT = {
  from: 'node_modules/@scalar/api-reference/dist/browser/standalone.js',
  to: join('dist', 'server', 'docs', 'reference', 'standalone.js'),
};
const ENTRY = join('dist', 'main.js');
/** Runs as soon as it is loaded, and only as a child of the server. */
const WORKER_ENTRY = join('dist', 'worker.js');

rmSync(join(ROOT, 'dist'), { recursive: true, force: true });
node('node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json');

mkdirSync(dirname(join(ROOT, REFERENCE_SCRIPT.to)), { recursive: true });
cpSync(join(ROOT, REFERENCE_SCRIPT.from), join(ROOT, REFERENCE_SCRIPT.to));

const info = { revision: process.env.UNKEY_REVISION ?? gitRevision(), buildTime: new Date().toISOString() };
writeFileSync(join(ROOT, 'dist', 'build-info.json'), `${JSON.stringify(info)}\n`);

// Most modules are loaded only when a command needs them, so each is loaded here.
const modules = globSync('dist/**/*.js', { cwd: ROOT })
  .filter((file) => ![ENTRY, WORKER_ENTRY, REFERENCE_SCRIPT.to].includes(file))
  .map((file) => `./${file}`);
const productionOnly = ['--import', './scripts/production-only.ts'];
node(
  ...productionOnly,
  '--input-type=module',
  '--eval',
  `for (const module of ${JSON.stringify(modules)}) await import(module); process.exit(0)`,
);
node(...productionOnly, ENTRY, 'version');

function node(...args: string[]): void {
  execFileSync(process.execPath, args, { cwd: ROOT, stdio: 'inherit' });
}

function gitRevision(): string {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return 'unknown';
  }
}
