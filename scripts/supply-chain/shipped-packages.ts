// Which packages of other people an installation has, as package-lock.json knows them: those of every platform.
import { readFileSync } from 'node:fs';

const ROOT = new URL('../../', import.meta.url);
const FOLDER = 'node_modules/';

/** Dev dependencies of which a part is in the build: the script of the reference page. */
const BUILT_IN = ['node_modules/@scalar/api-reference'];

export interface ShippedPackage {
  readonly name: string;
  readonly version: string;
  /** As its package.json says it, an SPDX expression; undefined when that says nothing. */
  readonly licence: string | undefined;
  /** `sha512-` and base64, as in package-lock.json. */
  readonly integrity: string | undefined;
  readonly isOptional: boolean;
  /** `name@version` of those that it uses and that are shipped. */
  readonly uses: readonly string[];
}

interface LockedPackage {
  readonly version?: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly devOptional?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

type Packages = Readonly<Record<string, LockedPackage>>;

/** The packages that are installed without dev dependencies, and those that are built in; once for each version, by name. */
export function shippedPackages(): ShippedPackage[] {
  const { packages } = JSON.parse(readFileSync(new URL('package-lock.json', ROOT), 'utf8')) as {
    packages: Packages;
  };
  const found = new Map<string, ShippedPackage>();
  for (const [path, locked] of Object.entries(packages)) {
    if (!isShipped(path, locked)) continue;
    found.set(idOf(path, locked), {
      name: nameOf(path),
      version: locked.version ?? '',
      licence: locked.license,
      integrity: locked.integrity,
      isOptional: locked.optional === true || locked.devOptional === true,
      uses: usesOf(packages, path, locked),
    });
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, shipped]) => shipped);
}

const isShipped = (path: string, { dev = false }: LockedPackage): boolean =>
  path !== '' && (!dev || BUILT_IN.includes(path));

const nameOf = (path: string): string => path.slice(path.lastIndexOf(FOLDER) + FOLDER.length);

const idOf = (path: string, { version }: LockedPackage): string => `${nameOf(path)}@${version}`;

function usesOf(packages: Packages, path: string, locked: LockedPackage): string[] {
  // Built in: its dependencies are part of the one file of it that is shipped.
  if (locked.dev) return [];
  const names = Object.keys({ ...locked.dependencies, ...locked.optionalDependencies });
  return names.flatMap((name) => {
    const at = resolved(packages, path, name);
    const used = at === undefined ? undefined : packages[at];
    return at !== undefined && used !== undefined && isShipped(at, used) ? [idOf(at, used)] : [];
  });
}

/** Where a package finds another one: in its own folder of packages, or in that of one around it. */
function resolved(packages: Packages, from: string, name: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, folder.lastIndexOf(`/${FOLDER}`))) {
    const nested = `${folder}/${FOLDER}${name}`;
    if (packages[nested] !== undefined) return nested;
    if (!folder.includes(`/${FOLDER}`)) break;
  }
  return packages[`${FOLDER}${name}`] === undefined ? undefined : `${FOLDER}${name}`;
}
