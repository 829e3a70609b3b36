// One page about a run: Markdown, with its plots in an SVG beside it.
import { writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { FAULTS } from '../faults/fault-kinds.ts';
import { warmUpMs } from '../faults/plan.ts';
import { brokenOf, type SoakResult } from '../result.ts';
import { INVARIANTS } from '../violations.ts';
import { plotOf } from './run-plot.ts';

/** Writes the page, and its plots beside it under the same name with the ending `.svg`. */
export async function writeReport(file: string, result: SoakResult): Promise<void> {
  const plots = `${file.replace(/\.md$/, '')}.svg`;
  await writeFile(plots, `${plotOf(result)}\n`);
  await writeFile(file, reportOf(result, basename(plots)));
}

/** @param plots how the page names the file of its plots */
export function reportOf(result: SoakResult, plots: string): string {
  const broken = brokenOf(result);
  const answered = result.seconds.reduce((sum, second) => sum + second.answered, 0);
  const failed = result.seconds.reduce((sum, second) => sum + second.failed, 0);
  const capacity =
    result.capacity === undefined
      ? ''
      : `, 70 % of the ${Math.round(result.capacity)} that a calibration found`;
  return [
    `# Soak of ${new Date(result.beganAt).toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    '',
    broken.length === 0
      ? '**Every invariant held.**'
      : `**Broken: ${broken.map(({ invariant }) => INVARIANTS[invariant]).join('; ')}.**`,
    '',
    `${duration(result.endedAt - result.beganAt)} at ${Math.round(result.rate)} requests a second${capacity}; ${result.workers.length} nodes with ${result.workers.join(', ')} workers.`,
    `${count(answered)} requests were answered and ${count(failed)} failed (${percent(failed, answered + failed)}), each of which the fault at hand explains unless the first table says otherwise.`,
    `Latency from when a request was due: p50 ${ms(result.overall.p50Ms)}, p99 ${ms(result.overall.p99Ms)}. Nothing was broken in the first ${Math.round(warmUpMs(result.endedAt - result.beganAt) / 1_000)} s.`,
    '',
    `Again with the same faults: \`npm run soak -- --seed ${result.seed} --minutes ${Math.round((result.endedAt - result.beganAt) / 6_000) / 10}\``,
    '',
    `![throughput, latency, failures, memory and open files over the run](${plots})`,
    '',
    '## Invariants',
    '',
    table(
      ['Invariant', 'Checks', 'Broken'],
      result.verdicts.map(({ invariant, checks, broken: times }) => [
        INVARIANTS[invariant],
        count(checks),
        count(times),
      ]),
    ),
    ...broken.flatMap(({ invariant, violations }) => [
      '',
      `### ${INVARIANTS[invariant]}`,
      '',
      ...violations.map(({ at, text }) => `- ${duration(at - result.beganAt)}: ${text}`),
    ]),
    '',
    '## Faults',
    '',
    'Seconds count from the strike. "Nothing fails" is when requests stopped failing, "p99 is back" when it stayed within twice that of the 15 s before.',
    '',
    table(
      ['At', 'Fault', 'Struck', 'Lasted', 'Failed', 'Nothing fails after', 'p99 is back after'],
      result.faults.map(
        ({ kind, target, struckAt, healedAt, failed: lost, successSeconds, latencySeconds }) => [
          duration(struckAt - result.beganAt),
          FAULTS[kind].does,
          target,
          healedAt === undefined ? 'to the end' : `${((healedAt - struckAt) / 1_000).toFixed(1)} s`,
          count(lost),
          seconds(successSeconds),
          seconds(latencySeconds),
        ],
      ),
    ),
    '',
    '## Answers',
    '',
    table(
      ['Request', 'Outcomes'],
      Object.entries(result.outcomes)
        .toSorted(([a], [b]) => a.localeCompare(b))
        .map(([kind, outcomes]) => [
          kind,
          Object.entries(outcomes)
            .map(([name, times]) => `${name}: ${count(times)}`)
            .join(', '),
        ]),
    ),
    '',
    '## Ledger',
    '',
    `${count(result.ledger.keys)} keys made (${count(result.ledger.inDoubt)} with a change in doubt), ${count(result.ledger.recoverable)} recoverable ones, ${count(result.ledger.identities)} identities, ${count(result.ledger.roles)} roles; ${count(result.ledger.creditsGranted)} credits of ${count(result.ledger.accounts)} keys granted.`,
    `Rate limits: ${count(result.limits.windows)} windows, ${count(result.limits.exceeded)} of them exceeded, by ${result.limits.mostBeyond} at most, and by ${result.limits.mostBeyondApart} while Redis was away.`,
    '',
    table(
      [
        'Analytics rows',
        'Answers',
        'In doubt',
        'Dropped, as counted',
        'In killed processes, at most',
        'Stored',
      ],
      result.rows.map((row) => [
        row.kind,
        count(row.answered),
        count(row.inDoubt),
        count(row.dropped),
        count(row.lostAtMost),
        count(row.rows),
      ]),
    ),
    '',
    '## Memory and open files',
    '',
    'Slopes by least squares, of processes that had two calm minutes beyond their warm-up of 90 s. Times of faults, and 20 s after each, are left out: the heap grows in steps there, which the plot shows.',
    '',
    table(
      ['Process', 'Observed', 'Memory, mean', 'Slope', 'Open files, mean', 'Slope'],
      result.trends.map((trend) => [
        trend.name,
        `${Math.round(trend.seconds)} s`,
        `${trend.meanMb.toFixed(0)} MB`,
        `${trend.mbPerMinute.toFixed(2)} MB/min`,
        trend.meanFiles.toFixed(0),
        `${trend.filesPerMinute.toFixed(2)}/min`,
      ]),
    ),
    '',
  ].join('\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return 'None.';
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** `3:05` */
function duration(milliseconds: number): string {
  const whole = Math.round(milliseconds / 1_000);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

const count = (value: number): string => value.toLocaleString('en');
const ms = (value: number | undefined): string => (value === undefined ? '–' : `${value.toFixed(0)} ms`);
const percent = (part: number, whole: number): string =>
  `${((100 * part) / Math.max(1, whole)).toFixed(2)} %`;
const seconds = (value: number | undefined): string => (value === undefined ? 'not at all' : `${value} s`);
