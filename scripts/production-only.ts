// Preloaded (`node --import`) by the build's last check: refuses every module of a package that an installation without
// dev dependencies would not have, as package-lock.json knows it.
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

const ROOT = new URL('..', import.meta.url).href;

interface Lock {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>;
}

const { packages } = JSON.parse(readFileSync(new URL('package-lock.json', ROOT), 'utf8')) as Lock;

registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    const name = packageOf(resolved.url);
    if (name && packages[name]?.dev) {
      throw new Error(`${context.parentURL} needs ${specifier}, which is only a dev dependency (${name})`);
    }
    return resolved;
  },
});

/** The lock file's key of the package that a module belongs to: `node_modules/a/node_modules/@b/c`. */
function packageOf(url: string): string | undefined {
  if (!url.startsWith(ROOT)) return undefined;
  const path = fileURLToPath(url).slice(fileURLToPath(ROOT).length);
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0];
}
