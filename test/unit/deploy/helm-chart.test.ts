// The chart: its values against their schema, what it tells the server against the server's settings, and what it renders where
// Helm is on PATH.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { serverCatalogue } from '../../../src/config/load.ts';
import { findOnPath } from '../../support/servers-local.ts';

const run = promisify(execFile);
const CHART = fileURLToPath(new URL('../../../deploy/helm/unkey/', import.meta.url));
const text = (name: string): string => readFileSync(`${CHART}${name}`, 'utf8');
const values = parse(text('values.yaml')) as { secrets: Record<string, { name: string; key: string }> };
const helpers = text('templates/_helpers.tpl');
/** Addresses that may hold a password, and do not for services of ours: they stand in the settings. */
const PLAIN_ADDRESSES = ['vault.url', 'control.url', 'restate.url'];

interface Secret {
  readonly value: string;
  readonly variable: string;
  readonly file: string;
}

const secrets: Secret[] = [...helpers.matchAll(/^(\w+): \{variable: (\w+), file: ([\w-]+)\}$/gm)].map(
  ([, value = '', variable = '', file = '']) => ({ value, variable, file }),
);

it('has values that fit their schema, which knows no others', () => {
  const validate = new Ajv({ strictTypes: false }).compile(JSON.parse(text('values.schema.json')));
  validate(values);
  expect(validate.errors).toBeNull();
  expect(validate({ ...values, replica: 3 })).toBe(false);
  expect(validate({ ...values, terminationGracePeriodSeconds: 30 })).toBe(false);
});

it('is of the version of the package', () => {
  const { version } = JSON.parse(readFileSync(`${CHART}../../../package.json`, 'utf8')) as {
    version: string;
  };
  expect(parse(text('Chart.yaml'))).toMatchObject({ version, appVersion: version });
});

it('takes each secret of the server from a Secret, and knows no other', () => {
  const settings = serverCatalogue().filter(
    ({ path, secret }) => secret !== undefined && !PLAIN_ADDRESSES.includes(path),
  );
  expect(secrets.map(({ variable }) => variable).sort()).toEqual(
    settings.map(({ envNames }) => `${envNames[0]}_FILE`).sort(),
  );
  expect(secrets.map(({ value }) => value).sort()).toEqual(Object.keys(values.secrets).sort());
});

interface Container {
  readonly name: string;
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly securityContext: object;
}

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly template: {
      readonly metadata: { readonly labels: Record<string, string> };
      readonly spec: {
        readonly containers: readonly Container[];
        readonly initContainers: readonly Container[];
      };
    };
    readonly selector: Record<string, string>;
  };
}

const helm = await findOnPath('helm');
if (helm === undefined) process.stderr.write('skipped: the chart is not rendered, as helm is not on PATH\n');

describe.runIf(helm)('rendered', () => {
  const template = async (...flags: string[]): Promise<Manifest[]> => {
    const { stdout } = await run(helm ?? '', [
      'template',
      'production',
      CHART,
      '--kube-version',
      '1.30.0',
      ...flags,
    ]);
    return parseAllDocuments(stdout).flatMap((document) => (document.toJS() as Manifest | null) ?? []);
  };
  const ofKind = (manifests: readonly Manifest[], kind: string): Manifest => {
    const found = manifests.find((manifest) => manifest.kind === kind);
    if (found === undefined) throw new Error(`the chart renders no ${kind}`);
    return found;
  };

  it('is in order for Helm', async () => {
    const { stdout } = await run(helm ?? '', ['lint', '--strict', CHART]);
    expect(stdout).toContain('0 chart(s) failed');
  });

  it('probes, drains and confines as the server needs it', async () => {
    const manifests = await template();
    expect(manifests.map(({ kind }) => kind).sort()).toEqual(
      [
        'ConfigMap',
        'Deployment',
        'Job',
        'PodDisruptionBudget',
        'Service',
        'Service',
        'ServiceAccount',
      ].sort(),
    );
    const pod = ofKind(manifests, 'Deployment').spec.template.spec;
    expect(pod).toMatchObject({
      terminationGracePeriodSeconds: 60,
      securityContext: { runAsNonRoot: true, runAsUser: 65532 },
      topologySpreadConstraints: [{ topologyKey: 'kubernetes.io/hostname' }],
      initContainers: [{ args: ['migrate', 'status', '--target', 'mysql', '--wait', '10m'] }],
      containers: [
        {
          args: ['api', 'serve', '--http-port=7070', '--metrics-port=9090'],
          startupProbe: { httpGet: { path: '/health/startup' }, periodSeconds: 2, failureThreshold: 60 },
          livenessProbe: { httpGet: { path: '/health/live' }, periodSeconds: 10, failureThreshold: 3 },
          readinessProbe: { httpGet: { path: '/health/ready' }, periodSeconds: 5, failureThreshold: 2 },
        },
      ],
    });
    for (const { securityContext, env } of [...pod.containers, ...pod.initContainers]) {
      expect(securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(env).toEqual([
        { name: 'UNKEY_DATABASE_PRIMARY_FILE', value: '/run/unkey/database-primary' },
        { name: 'UNKEY_REDIS_URL_FILE', value: '/run/unkey/redis-url' },
      ]);
    }
  });

  it('migrates in a Job of each revision that no Service sends traffic to', async () => {
    const manifests = await template('--set', 'secrets.clickhouseUrl.name=stores');
    const job = ofKind(manifests, 'Job');
    expect(job.metadata.name).toBe('production-unkey-migrate-1');
    const { metadata, spec } = job.spec.template;
    expect(spec.containers.map(({ args }) => args.join(' '))).toEqual([
      'migrate up --target mysql',
      'migrate up --target clickhouse',
    ]);
    const selected = Object.entries(ofKind(manifests, 'Service').spec.selector);
    expect(selected.length).toBeGreaterThan(0);
    expect(selected.every(([label, value]) => metadata.labels[label] === value)).toBe(false);
  });

  it('has a ServiceMonitor when it is asked for one', async () => {
    const manifests = await template('--set', 'metrics.serviceMonitor.enabled=true');
    expect(ofKind(manifests, 'ServiceMonitor').spec).toMatchObject({
      endpoints: [{ port: 'metrics', relabelings: [{ targetLabel: 'job', replacement: 'unkey-api' }] }],
    });
  });

  it('refuses values that the schema does not know', async () => {
    await expect(template('--set', 'replica=2')).rejects.toThrow(/replica/);
    await expect(template('--set', 'secrets.redisUrl.name=')).rejects.toThrow(/redisUrl/);
  });
});
