// The whole service as processes that show their metrics: an API with everything embedded, a Vault and a control plane
// beside it, and some traffic of each kind.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Unkey } from '@unkey/api';
import { freePort } from '../servers-local.ts';
import {
  type DevServer,
  runUnkey,
  startDev,
  startUnkey,
  type UnkeyProcess,
  untilStarted,
} from '../unkey-process.ts';

const TOKEN = 'a-token-between-services';

export interface ObservedService {
  /** `host:port` of the metrics, by the name of the job in the shipped configuration of Prometheus. */
  readonly targets: Readonly<Record<'unkey-api' | 'unkey-vault' | 'unkey-control', string>>;
  /** Some requests of each kind. */
  traffic(): Promise<void>;
  stop(): Promise<void>;
}

export async function startObservedService(folder: string): Promise<ObservedService> {
  const ports = {
    vault: await freePort(),
    control: await freePort(),
    apiMetrics: await freePort(),
    vaultMetrics: await freePort(),
    controlMetrics: await freePort(),
  };
  const url = (port: number): string => `http://127.0.0.1:${port}`;
  const shared = (port: number, metricsPort: number): string => `http_port = ${port}
bearer_token = "${TOKEN}"
[server]
host = "127.0.0.1"
drain_delay = "0s"
[observability.metrics]
prometheus_port = ${metricsPort}
`;
  const { stdout: masterKey } = await runUnkey(['vault', 'generate-master-key']);
  const vaultPath = join(folder, 'vault.toml');
  await writeFile(
    vaultPath,
    `${shared(ports.vault, ports.vaultMetrics)}[encryption]
master_key = "${masterKey.trim()}"
[storage.disk]
path = "${join(folder, 'objects')}"
`,
  );
  const controlPath = join(folder, 'control.toml');
  await writeFile(
    controlPath,
    `regions = ["here"]
${shared(ports.control, ports.controlMetrics)}[database]
primary = "sqlite:${join(folder, 'unkey.db')}"
[vault]
url = "${url(ports.vault)}"
token = "${TOKEN}"
`,
  );
  const started: UnkeyProcess[] = [];
  const start = async (args: readonly string[], port: number): Promise<void> => {
    const process = startUnkey(args);
    started.push(process);
    await untilStarted(process, url(port));
  };
  await start(['vault', 'serve', '--config', vaultPath], ports.vault);
  const api = await startDev(['--data-dir', folder], {
    env: {
      UNKEY_OBSERVABILITY_METRICS_PROMETHEUS_PORT: String(ports.apiMetrics),
      UNKEY_VAULT_URL: url(ports.vault),
      UNKEY_VAULT_TOKEN: TOKEN,
      UNKEY_CONTROL_URL: url(ports.control),
      UNKEY_CONTROL_TOKEN: TOKEN,
      UNKEY_RESTATE_URL: url(ports.control),
      UNKEY_RESTATE_API_KEY: TOKEN,
    },
  });
  started.push(api.process);
  const unkey = new Unkey({ serverURL: api.url, rootKey: api.rootKey, retryConfig: { strategy: 'none' } });
  // While there is no control plane yet: an answer of status 500.
  await unkey.projects.createProject({ name: 'Too early', slug: 'early' }).catch(() => undefined);
  await start(['control', 'serve', '--config', controlPath], ports.control);
  await unkey.projects.createProject({ name: 'Shop', slug: 'shop' });
  await unkey.apps.createApp({ project: 'shop', name: 'Web', slug: 'web' });

  let round = 0;
  return {
    targets: {
      'unkey-api': `127.0.0.1:${ports.apiMetrics}`,
      'unkey-vault': `127.0.0.1:${ports.vaultMetrics}`,
      'unkey-control': `127.0.0.1:${ports.controlMetrics}`,
    },
    traffic: () => oneRound(unkey, api, ++round),
    async stop() {
      for (const process of started.toReversed()) await process.end('SIGTERM');
    },
  };
}

async function oneRound(unkey: Unkey, api: DevServer, round: number): Promise<void> {
  const { data: created } = await unkey.keys.createKey({ apiId: api.apiId, credits: { remaining: 2 } });
  for (let i = 0; i < 3; i++) await unkey.keys.verifyKey({ key: created.key });
  await unkey.keys.verifyKey({ key: 'nobody' });
  const limit = { namespace: 'observed', identifier: 'somebody', limit: 2, duration: 60_000 };
  for (let i = 0; i < 3; i++) await unkey.ratelimit.limit(limit);
  await unkey.analytics.getVerifications({ query: 'SELECT count() AS n FROM key_verifications_v1' });
  await unkey.environments.setEnvironmentVariables({
    project: 'shop',
    app: 'web',
    environment: 'production',
    variables: [{ key: 'ROUND', value: String(round) }],
  });
  await unkey.projects.createProject({ name: 'Too late', slug: 'shop' }).catch(() => undefined);
  await fetch(`${api.url}/no/such/path`);
}
