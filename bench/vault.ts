// What the Vault does beyond one AES-256-GCM an item: `unkey vault serve` beside a floor that does only that behind the same
// Connect handlers, under the same load in turn. Data keys are warm; messages travel as JSON.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildProgram, PROGRAM } from '../test/support/compiled-program.ts';
import { freePort } from '../test/support/servers-local.ts';
import { startUnkey, untilStarted } from '../test/support/unkey-process.ts';
import { newMasterKey } from '../test/support/vault.ts';
import { startChildServer } from './child-server.ts';
import type { Measured } from './generator/job.ts';
import { drive } from './load.ts';
import { processorMsOf } from './processes.ts';
import { median, rounded } from './statistics.ts';

/** One method, medians of the rounds. */
export interface Row {
  readonly method: string;
  /** Texts or ciphertexts in a call. */
  readonly items: number;
  readonly rounds: number;
  readonly itemsPerSecond: number;
  readonly floorItemsPerSecond: number;
  /** The Vault's throughput as a share of the floor's. */
  readonly ratioToFloor: number;
  readonly p99Ms: number;
  readonly floorP99Ms: number;
  /** Processor time for a call, in microseconds. */
  readonly cpuMicros: number;
  readonly floorCpuMicros: number;
  /** The floor's processor time for a call as a share of the Vault's, which other work on the machine hardly moves. */
  readonly cpuRatioToFloor: number;
}

interface Side {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<unknown>;
}

interface Sample {
  readonly measured: Measured;
  readonly cpuMicros: number;
}

interface Load {
  readonly method: string;
  readonly items: number;
  readonly requests: number;
  readonly expected: string;
  /** The bodies of calls, made of what the side itself has encrypted. */
  readonly bodies: (side: Side) => Promise<readonly string[]>;
}

const FLOOR = fileURLToPath(new URL('./floors/vault-floor.ts', import.meta.url));
const TOKEN = randomBytes(32).toString('hex');
const KEYRINGS = ['ws_bench_1', 'ws_bench_2', 'ws_bench_3', 'ws_bench_4'];
/** As long as a key that the API makes, with a prefix. */
const TEXT = `sk_live_${'3ZbFhVvJ9Xq2mYwR7tKcLd'}`;
const CONNECTIONS = 16;

/** @throws Error when any answer was not a right one */
export async function measureVault(quick: boolean): Promise<readonly Row[]> {
  buildProgram();
  const folder = await mkdtemp(join(tmpdir(), 'unkey-bench-'));
  const [rounds, requests] = quick ? [3, 4_000] : [9, 20_000];
  const floor: Side = await startChildServer(FLOOR, []);
  const vault = await startVault(folder);
  try {
    const rows: Row[] = [];
    for (const load of loads(requests)) rows.push(await compare({ floor, vault }, load, rounds));
    return rows;
  } finally {
    await Promise.all([floor.stop(), vault.stop()]);
    await rm(folder, { recursive: true, force: true });
  }
}

async function startVault(folder: string): Promise<Side> {
  const port = await freePort();
  const config = join(folder, 'vault.toml');
  await writeFile(
    config,
    `http_port = ${port}
bearer_token = "${TOKEN}"
[server]
host = "127.0.0.1"
drain_delay = "0s"
[encryption]
master_key = "${newMasterKey()}"
[storage.disk]
path = "${join(folder, 'objects')}"
`,
  );
  const started = startUnkey(['vault', 'serve', '--config', config], {
    program: PROGRAM,
    env: { NODE_OPTIONS: '--max-semi-space-size=8' },
  });
  const url = `http://127.0.0.1:${port}`;
  await untilStarted(started, url);
  return { url, pid: started.pid, stop: () => started.end('SIGTERM') };
}

function loads(requests: number): readonly Load[] {
  const ids = Array.from({ length: 100 }, (_, index) => `key_${index}`);
  const texts = Object.fromEntries(ids.map((id) => [id, TEXT]));
  return [
    {
      method: 'Encrypt',
      items: 1,
      requests,
      expected: '"encrypted":"',
      bodies: async () => KEYRINGS.map((keyring) => JSON.stringify({ keyring, data: TEXT })),
    },
    {
      method: 'Decrypt',
      items: 1,
      requests,
      expected: TEXT,
      bodies: (side) =>
        each(KEYRINGS, async (keyring) => {
          const { encrypted } = await call<{ encrypted: string }>(side, 'Encrypt', { keyring, data: TEXT });
          return JSON.stringify({ keyring, encrypted });
        }),
    },
    {
      method: 'EncryptBulk',
      items: ids.length,
      requests: requests / 20,
      expected: '"encrypted":"',
      bodies: async () => KEYRINGS.map((keyring) => JSON.stringify({ keyring, items: texts })),
    },
    {
      method: 'DecryptBulk',
      items: ids.length,
      requests: requests / 20,
      expected: TEXT,
      bodies: (side) =>
        each(KEYRINGS, async (keyring) => {
          const sealed = await call<{ items: Record<string, { encrypted: string }> }>(side, 'EncryptBulk', {
            keyring,
            items: texts,
          });
          const items = Object.fromEntries(
            Object.entries(sealed.items).map(([id, { encrypted }]) => [id, encrypted]),
          );
          return JSON.stringify({ keyring, items });
        }),
    },
  ];
}

function each<In, Out>(values: readonly In[], of: (value: In) => Promise<Out>): Promise<Out[]> {
  return Promise.all(values.map(of));
}

async function compare(
  { floor, vault }: { readonly floor: Side; readonly vault: Side },
  load: Load,
  rounds: number,
): Promise<Row> {
  const bodies = { floor: await load.bodies(floor), vault: await load.bodies(vault) };
  const measured: { floor: Sample; vault: Sample }[] = [];
  for (let round = -1; round < rounds; round++) {
    const pair = {
      floor: await sample(floor, load, bodies.floor),
      vault: await sample(vault, load, bodies.vault),
    };
    // The first round warms both up.
    if (round >= 0) measured.push(pair);
  }
  const middle = (of: (pair: { floor: Sample; vault: Sample }) => number) =>
    rounded(median(measured.map(of)));
  const cpuMicros = middle((pair) => pair.vault.cpuMicros);
  const floorCpuMicros = middle((pair) => pair.floor.cpuMicros);
  return {
    method: load.method,
    items: load.items,
    rounds,
    itemsPerSecond: middle((pair) => pair.vault.measured.requestsPerSecond * load.items),
    floorItemsPerSecond: middle((pair) => pair.floor.measured.requestsPerSecond * load.items),
    ratioToFloor: middle(
      (pair) => pair.vault.measured.requestsPerSecond / pair.floor.measured.requestsPerSecond,
    ),
    p99Ms: middle((pair) => pair.vault.measured.p99Ms),
    floorP99Ms: middle((pair) => pair.floor.measured.p99Ms),
    cpuMicros,
    floorCpuMicros,
    cpuRatioToFloor: rounded(floorCpuMicros / cpuMicros),
  };
}

async function sample(side: Side, load: Load, bodies: readonly string[]): Promise<Sample> {
  const before = processorMsOf(side.pid);
  const measured = await drive({
    url: side.url,
    path: pathOf(load.method),
    authorization: `Bearer ${TOKEN}`,
    bodies,
    expected: load.expected,
    connections: CONNECTIONS,
    pace: { kind: 'closed', extent: { requests: load.requests } },
  });
  return { measured, cpuMicros: ((processorMsOf(side.pid) - before) * 1_000) / load.requests };
}

function pathOf(method: string): string {
  return `/vault.v1.VaultService/${method}`;
}

/** The caller knows the form of the answer from the contract. */
async function call<Answer>(side: Side, method: string, body: object): Promise<Answer> {
  const response = await fetch(side.url + pathOf(method), {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${method} answered ${response.status}: ${text}`);
  return JSON.parse(text) as Answer;
}
