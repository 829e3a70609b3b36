import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

interface LockedPackage {
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const { packages } = JSON.parse(
  readFileSync(new URL('../../../package-lock.json', import.meta.url), 'utf8'),
) as { readonly packages: Readonly<Record<string, LockedPackage>> };

// npm leaves out of the lock file what its registry does not have at that moment, for instance the packages of other
// platforms on a mirror, and `npm ci` then refuses the whole file.
it('locks every optional package, of every platform', () => {
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter(
        (name) => !(`${path}/node_modules/${name}` in packages) && !(`node_modules/${name}` in packages),
      )
      .map((name) => `${name}, of ${path === '' ? 'this project' : path}`),
  );
  expect(missing, 'add them to package-lock.json, or run npm install with the public registry').toEqual([]);
});
