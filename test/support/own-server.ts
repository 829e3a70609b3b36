// A server for one test alone, which may kill it, slow it down or part it from its clients. A proxy stands before it, so that
// its address stays the same.
import { dockerAvailable } from './servers-docker.ts';
import { findOnPath } from './servers-local.ts';
import { startOwnServer } from './servers-provide.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

export interface OwnServer {
  readonly proxy: TcpProxy;
  /** The address for those who are to feel the faults. */
  readonly url: string;
  /** The address past the proxy, as it is now. */
  directUrl(): string;
  kill(): Promise<void>;
  /** After `kill`: with what it had written to disk, which Redis does not. */
  restart(): Promise<void>;
  /** Stops it without ending it, as SIGSTOP does. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  stop(): Promise<void>;
}

const BINARIES = { mysql: ['mariadbd', 'mysqld'], redis: ['redis-server'] } as const;

/**
 * Tells whether `ownServer` can work; says on stderr why not.
 *
 * @throws Error when it cannot although `TEST_REQUIRE_ALL=1` asks for every suite.
 */
export async function ownServerOrSkip(name: 'mysql' | 'redis'): Promise<boolean> {
  if ((await dockerAvailable()) || (await findOnPath(...BINARIES[name])) !== undefined) return true;
  const reason = `this suite kills a ${name} of its own: it needs Docker, or ${BINARIES[name].join(' or ')} on PATH`;
  if (process.env.TEST_REQUIRE_ALL === '1') throw new Error(reason);
  process.stderr.write(`skipped: ${reason}\n`);
  return false;
}

export async function ownServer(name: 'mysql' | 'redis'): Promise<OwnServer> {
  const server = await startOwnServer(name);
  if (server === undefined) throw new Error(`guard this suite with ownServerOrSkip('${name}')`);
  let direct = server.url;
  const target = addressOf(direct);
  const proxy = await startTcpProxy(target);
  const url = new URL(direct);
  url.host = `127.0.0.1:${proxy.port}`;
  return {
    proxy,
    url: url.href,
    directUrl: () => direct,
    kill: () => server.kill(),
    pause: () => server.pause(),
    resume: () => server.resume(),
    async restart() {
      direct = await server.restart();
      Object.assign(target, addressOf(direct));
    },
    async stop() {
      await proxy.close();
      await server.stop();
    },
  };
}

function addressOf(url: string): { host: string; port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}
