import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ownHostnames, sharedHostnames } from '../../../src/control/deployments/hostnames.ts';

const DEPLOYMENT = {
  id: 'd_1',
  projectSlug: 'shop',
  appId: 'app_1',
  appSlug: 'web',
  environmentSlug: 'production',
  environmentKind: 'production',
  gitBranch: 'feature/Größe',
};

test('say what they lead to', () => {
  const words = [...ownHostnames(DEPLOYMENT, 'a.test'), ...sharedHostnames(DEPLOYMENT, 'a.test')].map(
    ({ hostname, sticky }) => [sticky, hostname.replace(/-[0-9a-f]{8}\.a\.test$/, '')],
  );
  expect(words).toEqual([
    ['deployment', 'shop-web'],
    ['branch', 'shop-web-git-feature-gr-e'],
    ['environment', 'shop-web-production'],
    ['live', 'shop-web'],
  ]);
});

test('are none without a domain, and none for the app itself in preview', () => {
  expect(ownHostnames(DEPLOYMENT, undefined)).toEqual([]);
  expect(sharedHostnames(DEPLOYMENT, undefined)).toEqual([]);
  const preview = sharedHostnames({ ...DEPLOYMENT, environmentKind: 'preview' }, 'a.test');
  expect(preview.map(({ sticky }) => sticky)).toEqual(['environment']);
});

test('of two apps differ, however alike their names are', () => {
  const of = (appId: string, projectSlug: string, appSlug: string) =>
    sharedHostnames({ ...DEPLOYMENT, appId, projectSlug, appSlug }, 'a.test').map(({ hostname }) => hostname);
  const [one, two] = [of('app_1', 'a-b', 'c'), of('app_2', 'a', 'b-c')];
  expect(one.filter((hostname) => two.includes(hostname))).toEqual([]);
});

test('are labels of DNS, whatever the names are', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.string(),
      fc.string({ maxLength: 300 }),
      (projectSlug, appSlug, gitBranch) => {
        const named = { ...DEPLOYMENT, projectSlug, appSlug, gitBranch };
        const hostnames = [...ownHostnames(named, 'a.test'), ...sharedHostnames(named, 'a.test')];
        for (const { hostname } of hostnames) {
          expect(hostname).toMatch(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.a\.test$/);
        }
        expect(new Set(hostnames.map(({ hostname }) => hostname)).size).toBe(hostnames.length);
      },
    ),
  );
});
