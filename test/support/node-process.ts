// `unkey api serve` as processes that share a database and a Redis, as a fleet runs.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './servers-local.ts';
import { startUnkey, type UnkeyProcess, untilStarted } from './unkey-process.ts';

export interface NodeProcess {
  readonly url: string;
  readonly process: UnkeyProcess;
}

/** Starts `count` nodes, the first of which applies the migrations, and resolves once all accept requests. */
export async function startNodes(
  count: number,
  urls: { readonly mysql: string; readonly redis: string },
): Promise<{ readonly nodes: readonly NodeProcess[]; stop(): Promise<void> }> {
  // Without a configuration file, wherever this process runs.
  const folder = await mkdtemp(join(tmpdir(), 'unkey-nodes-'));
  const nodes: NodeProcess[] = [];
  const stop = async () => {
    await Promise.all(nodes.map(({ process }) => process.end('SIGTERM')));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    for (let index = 0; index < count; index++) {
      const port = await freePort();
      const process = startUnkey(['api', 'serve', '--auto-migrate'], {
        cwd: folder,
        env: {
          UNKEY_AUTH: '[{"type":"root_key"}]',
          UNKEY_DATABASE_PRIMARY: urls.mysql,
          UNKEY_REDIS_URL: urls.redis,
          UNKEY_SERVER_HOST: '127.0.0.1',
          UNKEY_SERVER_DRAIN_DELAY: '0s',
          UNKEY_HTTP_PORT: String(port),
        },
      });
      const node = { url: `http://127.0.0.1:${port}`, process };
      nodes.push(node);
      await untilStarted(process, node.url);
    }
    return { nodes, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
