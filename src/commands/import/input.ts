// The file of an import: where its bytes come from, what format they have, and whether they can be read a second time.
import { createHash } from 'node:crypto';
import { constants, createReadStream, openSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import { extname, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { usageError } from '../cli/cli-error.ts';
import type { CliIo } from '../cli/io.ts';
import { fileFailure } from './file-failure.ts';

export const FORMATS = ['csv', 'jsonl'] as const;
export type Format = (typeof FORMATS)[number];

const EXTENSIONS: Readonly<Record<string, Format>> = { '.csv': 'csv', '.jsonl': 'jsonl', '.ndjson': 'jsonl' };

const READ = { highWaterMark: 256 * 1024 };

export interface Input {
  /** As the user named it. */
  readonly name: string;
  /** What can be read again after an interruption; undefined for a stream. */
  readonly file: { readonly path: string; readonly size: number } | undefined;
  chunks(): AsyncIterable<Uint8Array>;
}

/**
 * What `name` stands for: a file, or stdin for `-`.
 *
 * @throws CliError exit 1 when there is no such file
 */
export async function openInput(io: CliIo, name: string): Promise<Input> {
  if (name === '-') return { name: 'stdin', file: undefined, chunks: () => io.stdin.chunks() };
  const path = resolve(io.cwd, name);
  const found = await stat(path).catch((error: unknown) => {
    throw fileFailure('input', name, error);
  });
  if (found.isDirectory()) throw usageError(`${name} is a directory`);
  return {
    name,
    // A pipe with a name is no file: it gives its bytes once.
    file: found.isFile() ? { path, size: found.size } : undefined,
    chunks: () => readChunks(name, () => (found.isFIFO() ? openPipe(path) : createReadStream(path, READ))),
  };
}

async function* readChunks(name: string, openStream: () => Readable): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of openStream()) yield chunk as Buffer;
  } catch (error) {
    throw fileFailure('input', name, error);
  }
}

/**
 * A pipe with a name, read without waiting in a thread: neither for whoever writes to it nor for what they write. A
 * process whose threads wait cannot end.
 */
function openPipe(path: string): Readable {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return new Socket({ fd, readable: true, writable: false });
}

/** SHA-256 of everything that the input holds, in hex. */
export async function digestOf(input: Input): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of input.chunks()) hash.update(chunk);
  return hash.digest('hex');
}

/** @throws CliError exit 2 when neither the flag nor the name of the file tells */
export function formatOf(name: string, flag: Format | undefined): Format {
  const format = flag ?? EXTENSIONS[extname(name).toLowerCase()];
  if (format !== undefined) return format;
  if (name === '-')
    throw usageError('stdin has no name to tell its format by; pass --format csv or --format jsonl');
  if (extname(name).toLowerCase() === '.json') {
    throw usageError(
      `${name}: one JSON document is not read; make JSON lines of it (jq -c '.[]'), or pass --format jsonl if it is that already`,
    );
  }
  throw usageError(`the name ${name} does not tell its format; pass --format csv or --format jsonl`);
}
