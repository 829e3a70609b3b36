import { readFileSync } from 'node:fs';

const PACKAGE_FILE = new URL('../../../package.json', import.meta.url);

let version: string | undefined;

/** The version of this package, a bare semver. Works from the sources and from the compiled package. */
export function packageVersion(): string {
  version ??= (JSON.parse(readFileSync(PACKAGE_FILE, 'utf8')) as { version: string }).version;
  return version;
}
