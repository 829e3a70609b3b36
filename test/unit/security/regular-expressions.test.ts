// No regular expression of the product takes more than linear work, however its input is made; those that do are listed,
// with what bounds their input. Each is driven with texts derived from it, on a matcher that counts.

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, it } from 'vitest';
import { operations } from '../../../src/server/routes/registry.ts';
import { type JsonSchema, toJsonSchema } from '../../../src/server/validation/json-schema.ts';
import { attacksOn, attackText } from './regex-attacks.ts';
import { parseRegex } from './regex-parser.ts';
import { search } from './regex-steps.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Times that a pump is repeated: few to find out, more to be sure. */
const FEW = 24;
const MANY = 96;
/** Linear work doubles with its input, quadratic work is four times as much. */
const MOST_GROWTH = 3;

/** Expressions that are super-linear on texts that they never get. */
const BOUNDED: Readonly<Record<string, string>> = Object.fromEntries(
  (
    [
      [/, (?:\.\.\.)?".*"(?:\.\.\.)? is not valid JSON$/s, 'complaints of V8, which quote a few characters'],
      [/^GRANT .*\S ON \S.* TO \w/, 'the first hundred tokens of a statement, names written as x'],
      [/^-+|-+$/g, 'labels of hostnames, cut to their length, in which no two dashes follow each other'],
      [
        /'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`/gs,
        'statements as the engine prints them, whose quotes are closed',
      ],
      [
        /'(?:[^'\\]|\\[\s\S]|'')*'|"(?:[^"\\]|\\[\s\S]|"")*"|`[^`]*`|--[^\n]*|\/\*[\s\S]*?\*\/|(?<![\w:]):([A-Za-z_]\w*)/g,
        'statements of our own, values not in them',
      ],
      [/\..*$/, 'names of operations'],
      [/^_+|_+$/g, 'names of new migrations'],
      [/\/+$/, 'addresses that the operator configures'],
      [/@(?:tcp|unix)\([^)]*\)\//i, 'connection strings that the operator configures'],
      [
        /^(?:mysql:\/\/\S+|sqlite:.+|(?:[^@]*@|.*@)?(?:tcp|unix)\([^)]+\)\/[^/]+|(?:.*@)?\/[^/]+)$/is,
        'connection strings that the operator configures',
      ],
      [/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/g, 'durations that the operator configures'],
      [
        /\$(?:\$|\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|([A-Za-z_][A-Za-z0-9_]*))/g,
        'configuration files of the operator',
      ],
      [/\s*#/g, 'lines of the configuration file of the command line'],
      [
        /([?&][^=&#]*(?:password|passwd|secret|token|access_key)[^=&#]*=)[^&#]*/gi,
        'what commands of the operator print',
      ],
      [/([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):[^\s]*@/gi, 'what commands of the operator print'],
    ] satisfies [RegExp, string][]
  ).map(([expression, bound]) => [String(expression), bound]),
);

interface Found {
  readonly source: string;
  readonly flags: string;
  readonly where: string;
}

/** Every literal of the sources. */
function literals(): Found[] {
  return globSync('src/**/*.ts', { cwd: ROOT }).flatMap((file) => {
    const source = ts.createSourceFile(file, readFileSync(join(ROOT, file), 'utf8'), ts.ScriptTarget.Latest);
    const found: Found[] = [];
    const visit = (node: ts.Node): void => {
      if (ts.isRegularExpressionLiteral(node)) {
        const end = node.text.lastIndexOf('/');
        found.push({ source: node.text.slice(1, end), flags: node.text.slice(end + 1), where: file });
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
    return found;
  });
}

/** Every pattern that requests are validated with. */
function patterns(): Found[] {
  const walk = (schema: JsonSchema, where: string): Found[] => [
    ...(schema.pattern === undefined ? [] : [{ source: schema.pattern, flags: 'u', where }]),
    ...Object.values(schema.properties ?? {}).flatMap((child) => walk(child, where)),
    ...(schema.items === undefined ? [] : walk(schema.items, where)),
  ];
  return operations.flatMap(({ name, request }) =>
    request === undefined ? [] : walk(toJsonSchema(request, 'request'), name),
  );
}

/** The text on which the work grows faster than the text; undefined when none was found. */
function weakness({ source, flags }: Found): string | undefined {
  const node = parseRegex(source, flags);
  const steps = (text: string): number => search(node, flags, text).steps;
  for (const attack of attacksOn(node)) {
    const few = steps(attackText(attack, FEW));
    if (grows(few, steps(attackText(attack, 2 * FEW)), 2.5)) {
      const many = steps(attackText(attack, MANY));
      if (grows(many, steps(attackText(attack, 2 * MANY)), MOST_GROWTH)) return JSON.stringify(attack);
    }
  }
  return undefined;
}

/** Endless work has grown, whatever it was before. */
const grows = (before: number, after: number, factor: number): boolean =>
  after === Number.POSITIVE_INFINITY || after > before * factor;

const unique = [
  ...new Map([...literals(), ...patterns()].map((each) => [`/${each.source}/${each.flags}`, each])),
];

it('finds the expressions', () => {
  expect(literals().length).toBeGreaterThan(150);
  expect(patterns().length).toBeGreaterThan(20);
});

it.each([
  ['/(a+)+$/', true],
  ['/(a|a)*b/', true],
  ['/a+$/', true],
  ['/a*a*b/', true],
  ['/^(?:[._][a-z_]+)*$/', true],
  ['/(?<!a)a+$/', false],
  ['/^a+b+$/', false],
  ['/^[a-z_]+(?:\\.[a-z_]+)*$/', false],
  ['/"(?:[^"\\\\]|\\\\.)*"/y', false],
] as const)('tells of %s whether it is super-linear: %s', (literal, isWeak) => {
  const end = literal.lastIndexOf('/');
  const found = { source: literal.slice(1, end), flags: literal.slice(end + 1), where: '' };
  expect(weakness(found) !== undefined).toBe(isWeak);
});

it('matches as the engine does', { timeout: 120_000 }, () => {
  for (const [literal, { source, flags }] of unique) {
    const node = parseRegex(source, flags);
    const engine = new RegExp(source, flags);
    for (const attack of attacksOn(node).slice(0, 60)) {
      const text = attackText(attack, 3);
      engine.lastIndex = 0;
      const match = engine.exec(text);
      const expected = match === null ? undefined : [match.index, match.index + match[0].length];
      expect(search(node, flags, text).first, `${literal} on ${JSON.stringify(text)}`).toEqual(expected);
    }
  }
});

it('does linear work in every expression whose input is not bounded', { timeout: 300_000 }, () => {
  const weak = unique
    .filter(([literal]) => !(literal in BOUNDED))
    .map(([literal, found]) => ({ literal, where: found.where, attack: weakness(found) }))
    .filter(({ attack }) => attack !== undefined);
  expect(weak).toEqual([]);
});

it('makes expressions at run time for the configuration of the operator alone', () => {
  const makers = globSync('src/**/*.ts', { cwd: ROOT }).filter((file) =>
    /\bnew RegExp\(/.test(readFileSync(join(ROOT, file), 'utf8')),
  );
  expect(makers.filter((file) => !/^src\/(?:config|commands)\//.test(file))).toEqual([]);
});

it('excuses no expression that is gone', () => {
  const known = new Set(unique.map(([literal]) => literal));
  expect(Object.keys(BOUNDED).filter((literal) => !known.has(literal))).toEqual([]);
});
