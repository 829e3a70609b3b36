// Starts the servers of a test run as containers. The images can be named by the environment; any image that keeps the
// contract of the public ones (MYSQL_ROOT_PASSWORD, ports 3306 and 6379, server options as the command) will do.
import { GenericContainer, getContainerRuntimeClient, type StartedTestContainer, Wait } from 'testcontainers';
import { markedSecret } from './secret-watch.ts';
import { mysqlReady, redisReady, type StartedServer } from './servers-ready.ts';

const MYSQL_IMAGE = process.env.TEST_MYSQL_IMAGE ?? 'mysql:8.4';
const REDIS_IMAGE = process.env.TEST_REDIS_IMAGE ?? 'redis:7';
const PASSWORD = markedSecret('unkey-test');
const START_TIMEOUT_MS = 120_000;

/** Tells whether a Docker engine can be reached from here. */
export async function dockerAvailable(): Promise<boolean> {
  try {
    await getContainerRuntimeClient();
    return true;
  } catch {
    return false;
  }
}

/** @throws Error when the image cannot be had or the server in it does not come up. */
export async function startMysqlContainer(): Promise<StartedServer> {
  const container = await new GenericContainer(MYSQL_IMAGE)
    .withEnvironment({ MYSQL_ROOT_PASSWORD: PASSWORD })
    .withCommand(['--innodb-flush-log-at-trx-commit=2', '--sync-binlog=0'])
    .withExposedPorts(3306)
    .withWaitStrategy(Wait.forListeningPorts())
    .withStartupTimeout(START_TIMEOUT_MS)
    .start();
  const url = () => `mysql://root:${PASSWORD}@${container.getHost()}:${container.getMappedPort(3306)}/`;
  return started(container, url, MYSQL_IMAGE, mysqlReady);
}

/** @throws Error when the image cannot be had or the server in it does not come up. */
export async function startRedisContainer(): Promise<StartedServer> {
  const container = await new GenericContainer(REDIS_IMAGE)
    .withCommand(['--save', '', '--appendonly', 'no'])
    .withExposedPorts(6379)
    .withWaitStrategy(Wait.forListeningPorts())
    .withStartupTimeout(START_TIMEOUT_MS)
    .start();
  const url = () => `redis://${container.getHost()}:${container.getMappedPort(6379)}`;
  return started(container, url, REDIS_IMAGE, redisReady);
}

async function started(
  container: StartedTestContainer,
  url: () => string,
  image: string,
  ready: (url: string, timeoutMs: number) => Promise<void>,
): Promise<StartedServer> {
  const stop = async () => void (await container.stop());
  const engineContainer = async () => {
    const runtime = await getContainerRuntimeClient();
    return runtime.container.getById(container.getId());
  };
  try {
    await ready(url(), START_TIMEOUT_MS);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: url(),
    origin: `container ${image}`,
    stop,
    kill: async () => {
      await (await engineContainer()).kill({ signal: 'SIGKILL' });
    },
    restart: async () => {
      // The engine may give it another port, which the library finds out when it restarts it itself.
      await container.restart({ timeout: 0 });
      await ready(url(), START_TIMEOUT_MS);
      return url();
    },
    pause: async () => (await engineContainer()).pause(),
    resume: async () => (await engineContainer()).unpause(),
  };
}
