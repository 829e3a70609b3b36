// What `npm run soak` takes.
import { parseArgs } from 'node:util';
import { parseSeed, randomSeed, type Seed, seedOf } from '../test/support/prng.ts';
import { FAULT_KINDS, type FaultKind } from './faults/fault-kinds.ts';
import type { SoakOptions } from './soak.ts';

export interface RunOptions extends SoakOptions {
  /** Where the result is written as JSON, if anywhere. */
  readonly json: string | undefined;
  /** Where the report is written as Markdown; its plots go beside it, as SVG. */
  readonly report: string;
}

export const USAGE = `npm run soak -- [options]

  --minutes N      length of the load, fractions allowed (10)
  --seed S         an integer, or what a run has printed: the same faults at the same times (random)
  --rate N         requests a second (70 % of what a calibration finds)
  --workers LIST   workers of each node, so many nodes (1,1,2)
  --faults LIST    of ${FAULT_KINDS.join(', ')} (all)
  --json FILE      the whole result
  --report FILE    the report as Markdown, with its plots in a file .svg beside it (soak-report.md)
  --source         run the sources of this checkout instead of compiling them first
`;

const DEFAULT_WORKERS = [1, 1, 2];
const SMALLEST_FLEET = 2;

/** @throws Error, in words for the caller, when an option has no sense */
export function readOptions(args: readonly string[]): RunOptions & { readonly fromSource: boolean } {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '10' },
      seed: { type: 'string' },
      rate: { type: 'string' },
      workers: { type: 'string' },
      faults: { type: 'string' },
      json: { type: 'string' },
      report: { type: 'string', default: 'soak-report.md' },
      source: { type: 'boolean', default: false },
    },
  });
  const workers = values.workers?.split(',').map((text) => wholeNumber('--workers', text)) ?? DEFAULT_WORKERS;
  if (workers.length < SMALLEST_FLEET) throw new Error('--workers: at least two nodes, as one is killed');
  const faults = values.faults === undefined ? [...FAULT_KINDS] : values.faults.split(',').map(faultKind);
  return {
    durationMs: positive('--minutes', values.minutes) * 60_000,
    seed: values.seed === undefined ? randomSeed() : readSeed(values.seed),
    rate: values.rate === undefined ? undefined : positive('--rate', values.rate),
    workers,
    // There is no worker to kill where every node is one process.
    faults: workers.some((count) => count > 1) ? faults : faults.filter((kind) => kind !== 'kill-worker'),
    program: undefined,
    json: values.json,
    report: values.report,
    fromSource: values.source,
  };
}

function readSeed(text: string): Seed {
  return /^\d+$/.test(text) ? seedOf(Number(text)) : parseSeed(text);
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0) || value === Number.POSITIVE_INFINITY)
    throw new Error(`${name}: ${text} is no number above 0`);
  return value;
}

function wholeNumber(name: string, text: string): number {
  const value = positive(name, text);
  if (!Number.isInteger(value)) throw new Error(`${name}: ${text} is no whole number`);
  return value;
}

function faultKind(text: string): FaultKind {
  const kind = FAULT_KINDS.find((one) => one === text);
  if (kind === undefined) throw new Error(`--faults: ${text} is none of ${FAULT_KINDS.join(', ')}`);
  return kind;
}
