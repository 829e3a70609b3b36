import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { billOfMaterials } from '../../../scripts/supply-chain/sbom.ts';

const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../../${name}`, import.meta.url), 'utf8'));
const lock = read('package-lock.json') as {
  packages: Record<string, { version?: string; dev?: boolean; integrity?: string }>;
};
const manifest = read('package.json') as { name: string; version: string; dependencies: object };
const bill = billOfMaterials();

it('says in which format it is and of what it is the bill', () => {
  expect(bill).toMatchObject({
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    metadata: { component: { type: 'application', name: manifest.name, version: manifest.version } },
  });
  expect(JSON.parse(JSON.stringify(bill))).toEqual(bill);
});

it('lists every production dependency of the lock file, and of dev dependencies the one that is built in', () => {
  const production = Object.entries(lock.packages)
    .filter(([path, { dev }]) => path !== '' && !dev)
    .map(([path, { version }]) => `${path.slice(path.lastIndexOf('node_modules/') + 13)}@${version}`);
  const listed = bill.components.map((component) => component['bom-ref']);
  const scalar = `@scalar/api-reference@${lock.packages['node_modules/@scalar/api-reference']?.version}`;
  expect(listed).toEqual([...new Set([...production, scalar])].sort());
});

it('tells each by its address, its licence, and the hash that the lock file has', () => {
  const hashed = new Set(
    Object.entries(lock.packages)
      .filter(([, { integrity }]) => integrity?.startsWith('sha512-'))
      .map(([path, { version }]) => `${path.slice(path.lastIndexOf('node_modules/') + 13)}@${version}`),
  );
  for (const component of bill.components) {
    const { 'bom-ref': ref, purl, hashes, licenses } = component;
    expect(purl, ref).toMatch(/^pkg:npm\/(%40[^@/]+\/)?[^@/]+@\d/);
    expect(licenses?.[0]?.expression, ref).toBeTruthy();
    const hash = { alg: 'SHA-512', content: expect.stringMatching(/^[0-9a-f]{128}$/) };
    expect(hashes, ref).toEqual(hashed.has(ref) ? [hash] : undefined);
  }
});

it('knows who uses whom, and nobody who is not listed', () => {
  const refs = new Set([
    bill.metadata.component['bom-ref'],
    ...bill.components.map((each) => each['bom-ref']),
  ]);
  for (const { ref, dependsOn } of bill.dependencies) {
    expect(refs).toContain(ref);
    for (const used of dependsOn) expect(refs).toContain(used);
  }
  const direct = bill.dependencies[0]?.dependsOn.map((ref) => ref.slice(0, ref.lastIndexOf('@')));
  expect(direct).toEqual(expect.arrayContaining(Object.keys(manifest.dependencies)));
});

it('leaves nothing out that something uses', () => {
  const used = new Set(bill.dependencies.flatMap(({ dependsOn }) => dependsOn));
  const hapi = bill.dependencies.find(({ ref }) => ref.startsWith('@hapi/hapi@'));
  expect(hapi?.dependsOn.length).toBeGreaterThan(10);
  expect(used.size).toBeGreaterThan(150);
});
