// A runnable command line for each verb, made of the example that its route declares.
import { isObject } from '../../../lib/json.ts';
import type { BodyFlag } from './body-flags.ts';
import type { Verb } from './verb.ts';

type Example = readonly [commandLine: string, purpose: string];

/** Complete command lines, each with what it does. A secret comes from stdin, never from the line (G-14). */
export function examplesOf(verb: Verb): readonly Example[] {
  const { operation, flags } = verb;
  const command = ['unkey api', ...verb.words].join(' ');
  const request = operation.examples.request;
  const given = flags.flatMap((flag): (readonly [BodyFlag, unknown])[] => {
    const value = flag.member === undefined ? request : isObject(request) ? request[flag.member] : undefined;
    return value === undefined ? [] : [[flag, value]];
  });
  const secret = given.find(([{ kind }]) => kind === 'secret');
  const words = given.map(([flag, value]) => wordsOf(flag, value));
  const line = [command, ...words].join(' ');
  const first: Example = [
    secret === undefined ? line : `echo "$KEY" | ${line}`,
    decapitalised(operation.summary),
  ];
  return operation.paginated
    ? [first, [`${line} --all --json`, 'every page, as one JSON document']]
    : [first];
}

function wordsOf({ flag, kind }: BodyFlag, value: unknown): string {
  switch (kind) {
    case 'secret':
      return `--${flag} -`;
    case 'boolean':
      return value === true ? `--${flag}` : `--${flag}=false`;
    case 'list':
      return `--${flag} ${quoted(Array.isArray(value) ? value.join(',') : String(value))}`;
    case 'json':
      return `--${flag} ${quoted(JSON.stringify(value))}`;
    default:
      return `--${flag} ${quoted(String(value))}`;
  }
}

function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** `Create an API key` → `create an API key`: how help words a purpose. */
export function decapitalised(summary: string): string {
  return /^[A-Z][a-z]/.test(summary) ? `${summary[0]?.toLowerCase()}${summary.slice(1)}` : summary;
}
