// Resident memory and open files of processes, as the kernel tells them. Source: proc(5).
import { readdir, readFile } from 'node:fs/promises';

export interface ProcessSample {
  readonly pid: number;
  readonly residentMb: number;
  readonly openFiles: number;
}

/** The process and its children, their children included. Empty once it is gone. */
export async function processTree(pid: number): Promise<number[]> {
  try {
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
    const below = await Promise.all(
      children
        .split(' ')
        .filter(Boolean)
        .map((child) => processTree(Number(child))),
    );
    return [pid, ...below.flat()];
  } catch (error) {
    return gone(error, []);
  }
}

/** undefined once the process is gone. */
export async function sampleProcess(pid: number): Promise<ProcessSample | undefined> {
  try {
    const [status, files] = await Promise.all([
      readFile(`/proc/${pid}/status`, 'utf8'),
      readdir(`/proc/${pid}/fd`),
    ]);
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
    // A process that has ended and was not waited for has no memory any more.
    if (kilobytes === undefined) return undefined;
    return { pid, residentMb: Number(kilobytes) / 1_024, openFiles: files.length };
  } catch (error) {
    return gone(error, undefined);
  }
}

function gone<Value>(error: unknown, value: Value): Value {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT' || code === 'ESRCH') return value;
  throw error;
}
