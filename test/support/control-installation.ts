// An API, a Vault and control planes as processes of their own, on one database.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Unkey } from '@unkey/api';
import { freePort } from './servers-local.ts';
import {
  type DevServer,
  runUnkey,
  startDev,
  startUnkey,
  type UnkeyProcess,
  untilStarted,
} from './unkey-process.ts';

export interface InstallationOptions {
  /** Holds its files. */
  readonly folder: string;
  /** The runner and its arguments. */
  readonly runner: readonly string[];
  /** How many control planes there are; the API knows the first. */
  readonly controls?: number;
  /** A MySQL database; SQLite in the folder unless given. */
  readonly databaseUrl?: string;
  /** Of the control planes. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface Installation {
  readonly unkey: Unkey;
  /** The control planes that run, or ran. */
  readonly controls: UnkeyProcess[];
  /** Starts a control plane again that has ended. */
  startControl(index: number): Promise<void>;
  stop(): Promise<void>;
}

const TOKEN = 'a-token-of-all-services';
const SERVER = '[server]\nhost = "127.0.0.1"\ndrain_delay = "0s"\n';

/** Starts them and makes a project `shop` with an app `web`. Deployments get hostnames under `apps.test`. */
export async function startInstallation(options: InstallationOptions): Promise<Installation> {
  const { folder, runner, controls: count = 1, databaseUrl, env = {} } = options;
  const database = databaseUrl ?? `sqlite:${join(folder, 'unkey.db')}`;
  const started: { vault?: UnkeyProcess; api?: DevServer; controls: UnkeyProcess[] } = { controls: [] };
  const urls: string[] = [];

  const startControl = async (index: number): Promise<void> => {
    const control = startUnkey(['control', 'serve', '--config', join(folder, `control-${index}.toml`)], {
      env,
    });
    started.controls[index] = control;
    await untilStarted(control, urls[index] ?? '');
  };
  const stop = async (): Promise<void> => {
    await Promise.all(started.controls.map((control) => control.end('SIGTERM')));
    await started.api?.process.end('SIGTERM');
    await started.vault?.end('SIGTERM');
  };

  try {
    const vaultUrl = await startVault(folder, (vault) => {
      started.vault = vault;
    });
    for (let index = 0; index < count; index++) {
      const port = await freePort();
      urls.push(`http://127.0.0.1:${port}`);
      await writeFile(
        join(folder, `control-${index}.toml`),
        `http_port = ${port}
bearer_token = "${TOKEN}"
domain = "apps.test"
regions = ["here"]
${SERVER}
[database]
primary = "${database}"
[vault]
url = "${vaultUrl}"
token = "${TOKEN}"
[runner]
command = ${JSON.stringify(runner)}
`,
      );
    }
    const [url = ''] = urls;
    // The API brings the schema, which the control planes only check.
    const api = await startDev(['--data-dir', folder], {
      env: {
        UNKEY_DATABASE_PRIMARY: database,
        UNKEY_VAULT_URL: vaultUrl,
        UNKEY_VAULT_TOKEN: TOKEN,
        UNKEY_CONTROL_URL: url,
        UNKEY_CONTROL_TOKEN: TOKEN,
        UNKEY_RESTATE_URL: url,
        UNKEY_RESTATE_API_KEY: TOKEN,
      },
    });
    started.api = api;
    for (const index of urls.keys()) await startControl(index);
    const unkey = new Unkey({ serverURL: api.url, rootKey: api.rootKey, retryConfig: { strategy: 'none' } });
    await unkey.projects.createProject({ name: 'Shop', slug: 'shop' });
    await unkey.apps.createApp({ project: 'shop', name: 'Web', slug: 'web' });
    return { unkey, controls: started.controls, startControl, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startVault(folder: string, onStarted: (vault: UnkeyProcess) => void): Promise<string> {
  const port = await freePort();
  const path = join(folder, 'vault.toml');
  const masterKey = (await runUnkey(['vault', 'generate-master-key'])).stdout.trim();
  await writeFile(
    path,
    `http_port = ${port}\nbearer_token = "${TOKEN}"\n${SERVER}[encryption]\nmaster_key = "${masterKey}"\n[storage.disk]\npath = "${join(folder, 'objects')}"\n`,
  );
  const vault = startUnkey(['vault', 'serve', '--config', path]);
  onStarted(vault);
  const url = `http://127.0.0.1:${port}`;
  await untilStarted(vault, url);
  return url;
}
