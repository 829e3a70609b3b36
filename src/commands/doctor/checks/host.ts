import { existsSync, readFileSync } from 'node:fs';
import { getHeapStatistics } from 'node:v8';
import { type Check, fail, ok, warn } from '../check.ts';

const NEEDED_NODE_MAJOR = 24;
const MIN_OPEN_FILES = 4096;
const MIN_CPU_QUOTA = 0.5;

function readIfThere(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/** The soft limit on open files; undefined where the system does not tell. */
function openFileLimit(): number | undefined {
  const value = /^Max open files\s+(\S+)/m.exec(readIfThere('/proc/self/limits') ?? '')?.[1];
  if (value === undefined) return undefined;
  return value === 'unlimited' ? Number.POSITIVE_INFINITY : Number(value);
}

/** Processors that the container may use; undefined without a quota. */
function cpuQuota(): number | undefined {
  const [quota, period] = (readIfThere('/sys/fs/cgroup/cpu.max') ?? '').trim().split(' ');
  return quota === undefined || quota === '' || quota === 'max' ? undefined : Number(quota) / Number(period);
}

/** Only where systemd-timesyncd keeps the clock can its state be read without a command. */
function clockIsUnsynchronised(): boolean {
  return existsSync('/run/systemd/timesync') && !existsSync('/run/systemd/timesync/synchronized');
}

function* doubts(): Generator<readonly [detail: string, remedy: string]> {
  const files = openFileLimit();
  if (files !== undefined && files < MIN_OPEN_FILES) {
    yield [
      `only ${files} open files allowed`,
      `raise the limit to ${MIN_OPEN_FILES} or more (ulimit -n, LimitNOFILE=)`,
    ];
  }
  const cpus = cpuQuota();
  if (cpus !== undefined && cpus < MIN_CPU_QUOTA) {
    yield [`CPU quota is ${cpus} of a processor`, `give the container at least ${MIN_CPU_QUOTA}`];
  }
  if (clockIsUnsynchronised())
    yield ['the clock is not synchronised', 'start time synchronisation (timedatectl)'];
  const memory = process.constrainedMemory();
  const heap = getHeapStatistics().heap_size_limit;
  if (memory > 0 && heap > memory) {
    yield [
      'the heap may grow beyond the memory of the container',
      'set NODE_OPTIONS=--max-old-space-size below it',
    ];
  }
}

/** The machine that this command runs on. */
export function hostCheck(): Check {
  const version = `node ${process.versions.node}`;
  return {
    id: 'host',
    remedy: 'run the command on the machine of the server',
    run: async () => {
      if (Number(process.versions.node.split('.')[0]) < NEEDED_NODE_MAJOR) {
        return fail(`${version} is too old`, `install Node.js ${NEEDED_NODE_MAJOR} or newer`, { version });
      }
      const found = [...doubts()];
      if (found.length === 0) return ok(`${version} on ${process.platform}/${process.arch}`, { version });
      return warn(found.map(([detail]) => detail).join('; '), found.map(([, remedy]) => remedy).join('; '), {
        version,
      });
    },
  };
}
