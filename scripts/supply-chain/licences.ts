// `node scripts/supply-chain/licences.ts`: writes THIRD_PARTY_LICENSES.md, and fails when a package that is shipped has a licence
// that does not allow to ship it with this one.
import { writeFileSync } from 'node:fs';
import { type ShippedPackage, shippedPackages } from './shipped-packages.ts';

export const LICENCES_FILE = new URL('../../THIRD_PARTY_LICENSES.md', import.meta.url);

/** Licences that ask for no more than to be passed on. Names are those of SPDX. */
const PERMISSIVE = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'Unlicense',
  'Zlib',
]);

/**
 * Whether an SPDX expression of names, AND, OR and brackets leaves a choice of permissive licences alone.
 *
 * @throws Error for what is no such expression
 */
export function isPermissive(expression: string): boolean {
  const words = expression.match(/[()]|[^\s()]+/g) ?? [];
  let at = 0;
  const term = (): boolean => {
    const word = words[at++];
    if (word === '(') {
      const inner = either();
      if (words[at++] !== ')') throw new Error(`no licence expression: ${expression}`);
      return inner;
    }
    if (word === undefined || word === ')') throw new Error(`no licence expression: ${expression}`);
    return PERMISSIVE.has(word);
  };
  const both = (): boolean => {
    let result = term();
    while (words[at] === 'AND') {
      at++;
      result = term() && result;
    }
    return result;
  };
  const either = (): boolean => {
    let result = both();
    while (words[at] === 'OR') {
      at++;
      result = both() || result;
    }
    return result;
  };
  const result = either();
  if (at < words.length) throw new Error(`no licence expression: ${expression}`);
  return result;
}

/** A line for each package that cannot be shipped. */
export function licenceProblems(packages: readonly ShippedPackage[]): string[] {
  return packages.flatMap(({ name, version, licence }) => {
    if (licence === undefined) return [`${name}@${version} names no licence`];
    return isPermissive(licence) ? [] : [`${name}@${version} is under ${licence}`];
  });
}

/** The text of THIRD_PARTY_LICENSES.md. */
export function licenceList(packages: readonly ShippedPackage[]): string {
  const rows = packages.map(
    ({ name, version, licence }) => `| ${name} | ${version} | ${licence ?? 'none named'} |`,
  );
  return `# Third-party licences

The packages that an installation of Unkey has, those of other platforms and optional ones included, with their licences (SPDX).
The text of each licence is in the package itself. Written by \`node scripts/supply-chain/licences.ts\` from package-lock.json.

| Package | Version | Licence |
|---|---|---|
${rows.join('\n')}
`;
}

if (import.meta.main) {
  const packages = shippedPackages();
  const problems = licenceProblems(packages);
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  writeFileSync(LICENCES_FILE, licenceList(packages));
  process.exitCode = problems.length === 0 ? 0 : 1;
}
