// What Linux tells of a process and all that it started, and where it runs them. Source: proc(5), taskset(1).
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

export interface Memory {
  readonly residentBytes: number;
  /** Highest so far. */
  readonly peakBytes: number;
}

/** Resident memory of the process and its descendants together; pages that they share count for each. */
export function memoryOf(pid: number): Memory {
  let [residentBytes, peakBytes] = [0, 0];
  for (const one of withDescendants(pid)) {
    const status = readFileSync(`/proc/${one}/status`, 'utf8');
    residentBytes += bytesIn(status, 'VmRSS');
    peakBytes += bytesIn(status, 'VmHWM');
  }
  return { residentBytes, peakBytes };
}

/** Processor time of all threads of the process and its descendants, in milliseconds, in steps of ten. */
export function processorMsOf(pid: number): number {
  let ticks = 0;
  for (const one of withDescendants(pid)) {
    const stat = readFileSync(`/proc/${one}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // utime and stime, in hundredths of a second.
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks * 10;
}

/** Whether processes can be kept on a core of their own here: server on one, generator on another. */
export function canPin(): boolean {
  if (availableParallelism() < 2) return false;
  try {
    execFileSync('taskset', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Keeps all threads of a process, and what they start from now on, on one core. */
export function pin(pid: number, core: number): void {
  execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', String(core), String(pid)], {
    stdio: 'ignore',
  });
}

function withDescendants(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  return [pid, ...children.flatMap((child) => withDescendants(Number(child)))];
}

function bytesIn(status: string, field: string): number {
  const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
  if (kilobytes === undefined) throw new Error(`the kernel does not tell ${field}`);
  return Number(kilobytes) * 1024;
}
