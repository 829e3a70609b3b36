// `npm run sbom [-- FILE]`: writes the bill of materials (CycloneDX 1.5, JSON) of what an installation has to FILE, or to stdout. The
// same package-lock.json gives the same bytes. (`npm sbom --omit=dev` leaves packages out that dev dependencies use as well.)
import { readFileSync, writeFileSync } from 'node:fs';
import { type ShippedPackage, shippedPackages } from './shipped-packages.ts';

const ROOT = new URL('../../', import.meta.url);

interface Component {
  readonly type: 'application' | 'library';
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly scope?: 'required' | 'optional';
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
  readonly licenses?: readonly { readonly expression: string }[];
}

export interface BillOfMaterials {
  readonly bomFormat: 'CycloneDX';
  readonly specVersion: '1.5';
  readonly version: 1;
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** https://github.com/package-url/purl-spec: the `@` of a scope is encoded. */
const purl = (name: string, version: string): string => `pkg:npm/${name.replace('@', '%40')}@${version}`;

function componentOf({ name, version, licence, integrity, isOptional }: ShippedPackage): Component {
  return {
    type: 'library',
    'bom-ref': `${name}@${version}`,
    name,
    version,
    purl: purl(name, version),
    scope: isOptional ? 'optional' : 'required',
    ...(integrity === undefined ? {} : { hashes: [hashOf(integrity)] }),
    ...(licence === undefined ? {} : { licenses: [{ expression: licence }] }),
  };
}

/** @param integrity `sha512-` and base64. */
function hashOf(integrity: string): { alg: string; content: string } {
  const [algorithm = '', digest = ''] = integrity.split('-', 2);
  return {
    alg: algorithm.replace('sha', 'SHA-'),
    content: Buffer.from(digest, 'base64').toString('hex'),
  };
}

/** What an installation has: of all platforms, with optional packages and the one that is built in. */
export function billOfMaterials(): BillOfMaterials {
  const manifest = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8')) as Manifest;
  const packages = shippedPackages();
  const self = `${manifest.name}@${manifest.version}`;
  const direct = new Set(Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies }));
  const refs = (chosen: readonly ShippedPackage[]): string[] =>
    chosen.map(({ name, version }) => `${name}@${version}`);
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: {
      component: {
        type: 'application',
        'bom-ref': self,
        name: manifest.name,
        version: manifest.version,
        purl: purl(manifest.name, manifest.version),
        licenses: [{ expression: manifest.license }],
      },
    },
    components: packages.map(componentOf),
    dependencies: [
      { ref: self, dependsOn: refs(packages.filter(({ name }) => direct.has(name))) },
      ...packages.map(({ name, version, uses }) => ({ ref: `${name}@${version}`, dependsOn: uses })),
    ],
  };
}

if (import.meta.main) {
  const text = `${JSON.stringify(billOfMaterials(), null, 2)}\n`;
  const [path] = process.argv.slice(2);
  if (path === undefined) process.stdout.write(text);
  else writeFileSync(path, text);
}
