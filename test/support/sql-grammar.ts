// SQL texts as strangers may send them: queries of the analytics grammar, queries made to get out of it, and texts that
// are broken. What they read: the public tables `kv` and `kvh`, which have the columns of COLUMNS, workspace_id and
// attributes. No text names FOREIGN_MARKER.
import type { Random } from './prng.ts';

/** Stands in the values of rows that no text may show. */
export const FOREIGN_MARKER = 'FOREIGN';

const COLUMNS = ['key_id', 'key_space_id', 'time', 'count', 'tags'] as const;
const PHYSICAL = ['key_verifications_raw_v2', 'key_verifications_per_hour_v3', 'secret_raw_v1'] as const;
const ALIASES = ['a', 'b', 'k', '`r-l`', 'Time', '"x y"', 'attributes', 'total', ...PHYSICAL] as const;
const AGGREGATES = [
  'count',
  'any',
  'max',
  'MIN',
  'groupArray',
  'groupUniqArray',
  'uniqExact',
  'UNIQ',
] as const;
const NUMBERS = ['0', '1', '2', '5', '10', '1000', '1.5', '0x1F', '1e3'] as const;
const STRINGS = [
  "'own'",
  "''",
  "'it''s'",
  "'a\\'b'",
  "'%o%'",
  "'ws_1'",
  "'ws_2'",
  "'naïve ☃'",
  "'-- x'",
  "'/*'",
  "'\\\\'",
] as const;

/** Attempts to read what is not one's own, as expressions. `workspace_id` is what the filter looks at. */
const IMPOSTORS = [
  "CAST(('ws_1', 1) AS Tuple(workspace_id String, x Int8))",
  "CAST(('ws_2', 1) AS Tuple(workspace_id String, x Int8))",
  "'ws_1'",
  "{'workspace_id': 'ws_1'}",
  '\'{"workspace_id":"ws_1"}\'',
] as const;

const IMPOSTOR_NAMES = [
  'workspace_id',
  '`key_verifications_raw_v2.workspace_id`',
  '`k.workspace_id`',
  '`a.workspace_id`',
  'key_verifications_raw_v2',
  'default',
  'k',
  'a',
] as const;

const FORBIDDEN_TABLES = [
  'system.tables',
  'information_schema.tables',
  'default.key_verifications_raw_v2',
  'default.secret_raw_v1',
  'secret_raw_v1',
  'KV',
  'numbers(3)',
  "merge('default', 'secret')",
  "file('/etc/passwd')",
  "url('http://localhost/')",
  "remote('localhost', default.secret_raw_v1)",
  'mergeTreeIndex(default, secret_raw_v1)',
  'view(SELECT * FROM default.secret_raw_v1)',
  "VALUES('x Int8', 1)",
  "dictionary('d')",
] as const;

const FORBIDDEN_CALLS = [
  "file('/etc/passwd')",
  'sleep(1)',
  "dictGet('d', 'x', 1)",
  "joinGet('secret_raw_v1', 'key_id', 1)",
  'arrayFilter(sleep, [1])',
  "getSetting('readonly')",
  'currentDatabase()',
  "COLUMNS('.*')",
  'exists(SELECT 1 FROM default.secret_raw_v1)',
  'in(key_id, default.secret_raw_v1)',
] as const;

/** Pieces that are put anywhere into a text. */
const FRAGMENTS = [
  ' SETTINGS additional_table_filters = {} ',
  ' SETTINGS max_execution_time = 0 ',
  " INTO OUTFILE '/tmp/x' ",
  ' FORMAT JSON ',
  ' FORMAT Null ',
  ' UNION ALL SELECT key_id FROM default.secret_raw_v1 ',
  ' EXCEPT SELECT 1 ',
  ' OR 1 = 1 ',
  ') OR (1 = 1',
  ' WITH TIES ',
  ' QUALIFY 1 ',
  ' LIMIT 1 BY key_id ',
  ' FINAL ',
  ' PREWHERE 1 ',
  ' {x:Identifier} ',
  ' ? ',
  '; SELECT 1',
  '; DROP TABLE kv',
  ' -- ',
  ' --\n ',
  ' /* ',
  ' */ ',
  ' /* x */ ',
  ' # ',
  '#! ',
  ' $t$x$t$ ',
  "'",
  '"',
  '`',
  '\\',
  '\0',
  '“',
  '’',
  '\u00a0',
  '\u200b',
  '\u2212',
  'é',
  '🦄',
  '(',
  ')',
  '[',
  ']',
  '{',
  '}',
  ',',
  '.',
  '.*',
  '::',
  '->',
  '@',
  '@@x',
  '||',
  '==',
  '<=>',
] as const;

const LIMITS = [
  'LIMIT 20',
  'LIMIT 0, 20',
  'LIMIT 50 OFFSET 0',
  'LIMIT ALL',
  'LIMIT -1',
  'LIMIT 1 + 1',
] as const;

const SAMPLES = [' SAMPLE 1', ' FINAL SAMPLE 1 / 2 OFFSET 1 / 2'] as const;

const PLAIN_CALLS = [
  "date_trunc('day', now())",
  'EXTRACT(YEAR FROM now())',
  'arrayJoin(tags)',
  '[key_id]',
  'tags[1]',
  "JSONExtractString(key_id, 'a')",
  'toStartOfHour(now())',
  'toDate(now()) - INTERVAL 3 DAY',
  "startsWith(key_id, 'o')",
] as const;

const STARS = [
  'k.*',
  'a.*',
  '* EXCEPT (time)',
  '* REPLACE (1 AS time)',
  '* APPLY(max)',
  'count(k.*)',
] as const;

const WHOLE_AGGREGATES = [
  'count()',
  'COUNT(*)',
  'count(DISTINCT key_id)',
  'countIf(time > 1)',
  'sum(count)',
  'avg(time) + max(count)',
  'quantile(0.5)(time)',
  'arrayJoin(groupUniqArray(key_id))',
] as const;

const DEPTH = 3;

export class SqlGrammar {
  readonly #random: Random;
  /** Whether the text at hand tries to get out; the others only have to be understood. */
  #hostile = false;
  /** How many tables the text names; gives each a name of its own. */
  #sourceCount = 0;
  /** Whether the SELECT at hand aggregates. */
  #aggregates = false;

  constructor(random: Random) {
    this.#random = random;
  }

  /** One text: an ordinary query, one that tries to get out, or either of them broken. */
  text(): string {
    this.#hostile = this.#random.chance(0.5);
    let text = this.#query(this.#hostile ? DEPTH : DEPTH - 1);
    if (this.#random.chance(0.15)) text = this.#spaced(text);
    const mutations = this.#random.chance(0.75) ? 0 : this.#random.integer(1, 4);
    for (let count = 0; count < mutations; count += 1) text = this.#mutated(text);
    return text;
  }

  #query(depth: number): string {
    const bindings = this.#random.chance(0.2) ? `WITH ${this.#list(2, () => this.#binding(depth - 1))} ` : '';
    const branches = [this.#select(depth)];
    while (this.#random.chance(0.12)) {
      branches.push(this.#orHostile(['UNION ALL', 'UNION DISTINCT', 'EXCEPT', 'INTERSECT'], ['UNION']));
      branches.push(this.#random.chance(0.7) ? this.#select(depth - 1) : `(${this.#select(depth - 1)})`);
    }
    return `${bindings}${branches.join(' ')}`;
  }

  #binding(depth: number): string {
    const name = this.#orHostile(['c', 'd', 'one', ...PHYSICAL], ['C', ...IMPOSTOR_NAMES]);
    if (this.#random.chance(0.6))
      return `${name} AS (${depth > 0 ? this.#query(depth) : 'SELECT 1 AS key_id'})`;
    return `${this.#orHostile(NUMBERS, IMPOSTORS)} AS ${name}`;
  }

  #select(depth: number): string {
    const outer = this.#aggregates;
    this.#aggregates = this.#random.chance(0.35);
    const text = this.#clauses(depth)
      .filter((part) => part !== '')
      .join(' ');
    this.#aggregates = outer;
    return text;
  }

  #clauses(depth: number): string[] {
    const chance = (probability: number, clause: () => string) =>
      this.#random.chance(probability) ? clause() : '';
    const grouped = this.#aggregates && this.#random.chance(0.4);
    const direction = () => this.#pick(['', ' ASC', ' DESC']);
    return [
      'SELECT',
      chance(0.06, () => this.#orHostile(['DISTINCT', 'TOP 3'], ['ALL', 'DISTINCT ON (key_id)'])),
      this.#list(3, () => this.#item(depth)),
      `FROM ${this.#sources(depth)}`,
      chance(0.06, () => `${this.#pick(['', 'LEFT '])}ARRAY JOIN ${this.#arrayItem()}`),
      chance(0.05, () => `PREWHERE ${this.#filter(depth - 1)}`),
      chance(0.5, () => `WHERE ${this.#filter(depth)}`),
      grouped ? `GROUP BY ${this.#grouping()}` : '',
      chance(grouped ? 0.2 : 0, () => 'HAVING count() > 0'),
      this.#aggregates ? '' : 'WINDOW w AS (PARTITION BY key_id ORDER BY time)',
      chance(0.2, () => `ORDER BY ${this.#aggregates ? 'count()' : this.#expression(0)}${direction()}`),
      chance(this.#hostile ? 0.04 : 0, () => 'WITH FILL FROM 1 TO 3 INTERPOLATE (key_id AS key_id)'),
      chance(this.#aggregates ? 0 : 0.06, () => 'LIMIT 1 BY key_id'),
      chance(0.15, () => this.#pick(LIMITS)),
      chance(this.#hostile ? 0.02 : 0, () => 'SETTINGS additional_table_filters = {}'),
    ];
  }

  /** A condition on rows; no aggregate may stand in it. */
  #filter(depth: number): string {
    const outer = this.#aggregates;
    this.#aggregates = false;
    const text = this.#condition(depth);
    this.#aggregates = outer;
    return text;
  }

  #item(depth: number): string {
    if (this.#hostile && this.#random.chance(0.1)) {
      return this.#random.chance(0.5)
        ? this.#pick(STARS)
        : `${this.#pick(IMPOSTORS)} AS ${this.#pick(IMPOSTOR_NAMES)}`;
    }
    if (!this.#aggregates && this.#random.chance(0.15)) return '*';
    const value = this.#aggregates ? this.#aggregate(depth) : this.#expression(depth);
    if (this.#random.chance(0.3)) return `${value}${this.#pick([' AS', ''])} ${this.#alias()}`;
    return value;
  }

  #alias(): string {
    return this.#orHostile(['x1', 'x2', 'x3', 'x4', '`q-l`', 'Total'], ALIASES);
  }

  #aggregate(depth: number): string {
    const outer = this.#aggregates;
    this.#aggregates = false;
    const text = this.#random.chance(0.6)
      ? `${this.#pick(AGGREGATES)}(${this.#expression(depth - 1)})`
      : this.#pick(WHOLE_AGGREGATES);
    this.#aggregates = outer;
    return text;
  }

  #sources(depth: number): string {
    let text = this.#source(depth);
    while (this.#random.chance(0.15)) {
      const words = [
        this.#orHostile(['', 'GLOBAL'], ['']),
        this.#orHostile(['', '', 'ANY', 'ALL'], ['SEMI', 'ANTI', 'ASOF']),
      ];
      const direction = this.#pick(['', 'INNER', 'LEFT', 'RIGHT', 'FULL', 'CROSS', 'LEFT OUTER']);
      const joined = this.#source(depth - 1);
      if (this.#random.chance(0.15)) text += `, ${joined}`;
      else
        text += ` ${[...words, direction, 'JOIN'].filter((word) => word !== '').join(' ')} ${joined}${this.#joinCondition()}`;
    }
    return text;
  }

  #joinCondition(): string {
    return this.#orHostile(
      [' USING key_id', ' USING (key_id)', ' ON 1 = 1'],
      [
        ' USING (key_id, workspace_id)',
        ' ON a.key_id = b.key_id',
        ' ON a.key_id = b.key_id AND a.time >= b.time',
        '',
      ],
    );
  }

  #source(depth: number): string {
    if (this.#hostile && this.#random.chance(0.05)) return this.#pick(FORBIDDEN_TABLES);
    const isQuery = depth > 0 && this.#random.chance(0.25);
    const names = this.#orHostile(
      ['kv', 'kvh', 'kv', 'kvh', '`kv`', "'kvh'"],
      ['"kv"', 'c', 'C', 'd', ...PHYSICAL],
    );
    const table = isQuery ? `(${this.#query(depth - 1)})` : names;
    this.#sourceCount += 1;
    const own = `s${this.#sourceCount}`;
    const alias = this.#random.chance(0.7)
      ? ` AS ${this.#orHostile([own], ['a', 'b', 'k', ...ALIASES, ...IMPOSTOR_NAMES])}`
      : '';
    return `${table}${alias}${isQuery || this.#random.chance(0.96) ? '' : this.#orHostile([' FINAL'], SAMPLES)}`;
  }

  #arrayItem(): string {
    return this.#orHostile(
      ['tags', 'tags AS t'],
      ["['ws_1'] AS workspace_id", `[${this.#pick(IMPOSTORS)}] AS ${this.#pick(IMPOSTOR_NAMES)}`],
    );
  }

  #grouping(): string {
    return this.#pick([
      'key_id',
      'ALL',
      'key_id, time',
      'ROLLUP(key_id)',
      'CUBE(key_id, time)',
      'GROUPING SETS ((key_id), ())',
      'key_id WITH TOTALS',
      'key_id WITH ROLLUP',
    ]);
  }

  #condition(depth: number): string {
    const operand = () => this.#expression(Math.max(depth - 1, 0));
    switch (this.#random.integer(0, 9)) {
      case 0:
        return `${operand()} ${this.#pick(['=', '!=', '<>', '==', '<', '>=', 'LIKE', 'NOT ILIKE'])} ${operand()}`;
      case 1:
        return `workspace_id ${this.#pick(['=', '!='])} ${this.#pick(["'ws_2'", "'ws_1'", "''"])}`;
      case 2:
        return `${this.#condition(depth - 1)} OR 1 = 1`;
      case 3:
        return depth > 0 ? `(${this.#condition(depth - 1)}) AND NOT (${this.#condition(depth - 1)})` : '1';
      case 4:
        return `key_id ${this.#pick(['IN', 'NOT IN', 'GLOBAL IN'])} ${this.#setOperand(depth)}`;
      case 5:
        return `time BETWEEN ${this.#pick(NUMBERS)} AND now()`;
      case 6:
        return `time ${this.#pick(['>=', '<=', '='])} ${this.#pick(['now() - INTERVAL 1 DAY', '0', 'toUnixTimestamp64Milli(now64(3) - INTERVAL 60 DAY)'])}`;
      case 7:
        return `${operand()} IS NOT NULL`;
      default:
        return '1';
    }
  }

  #setOperand(depth: number): string {
    if (depth > 0 && this.#random.chance(0.5)) return `(${this.#query(depth - 1)})`;
    return this.#orHostile(
      ["('own', 'x')", "['own']", '(1, 2)'],
      [
        '(c)',
        '(C)',
        'c',
        '(secret_raw_v1)',
        '(default.secret_raw_v1)',
        '((key_id, 1))',
        '(key_id)',
        "'own'",
        '()',
      ],
    );
  }

  #expression(depth: number): string {
    if (depth <= 0 || this.#random.chance(0.4)) return this.#leaf();
    const inner = () => this.#expression(depth - 1);
    switch (this.#random.integer(0, 15)) {
      case 0:
      case 1:
        return `toString(${inner()})`;
      case 2:
        return `${inner()} ${this.#pick(['+', '-', '*', '/', '%', '||', 'AND', 'OR'])} ${inner()}`;
      case 3:
        return `(${inner()}, ${inner()})`;
      case 4:
        return `if(${this.#condition(0)}, ${inner()}, ${inner()})`;
      case 5:
        return `${this.#condition(0)} ? ${inner()} : ${inner()}`;
      case 6:
        return `CASE WHEN ${this.#condition(0)} THEN ${inner()} ELSE ${inner()} END`;
      case 7:
        return `CAST(${inner()} AS ${this.#pick(['String', 'Nullable(String)', 'Array(String)', 'Int64'])})`;
      case 8:
        return `${this.#leaf()}::String`;
      case 9:
        return `(${depth > 1 ? this.#query(depth - 2) : 'SELECT max(key_id) FROM kv'})`;
      case 10:
        return `toString(${inner()})`;
      case 11:
        return `concat(toString(${inner()}), ${this.#pick(STRINGS)})`;
      case 12:
        return `arrayFilter(x -> x ${this.#pick(['=', '!='])} ${this.#leaf()}, tags)`;
      case 13:
        return `${this.#pick(['sum(count)', 'max(key_id)', 'count()', 'groupArray(key_id)'])} OVER ${this.#pick(['()', 'w', '(PARTITION BY key_id)', '(ORDER BY time ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)'])}`;
      case 14:
        return this.#orHostile(['length(tags)', 'lower(key_id)'], FORBIDDEN_CALLS);
      default:
        return this.#pick(PLAIN_CALLS);
    }
  }

  #leaf(): string {
    switch (this.#random.integer(0, 5)) {
      case 0:
        return this.#pick(NUMBERS);
      case 1:
        return this.#pick(STRINGS);
      case 2:
        return this.#orHostile(
          ['workspace_id', 'attributes.workspace_id', 'NULL', 'TRUE'],
          ['kv.key_id', 'k.workspace_id', 'one', 'c'],
        );
      case 3:
        return `${this.#hostile ? this.#pick(['a.', 'b.', 'k.']) : ''}${this.#pick(COLUMNS)}`;
      default:
        return this.#pick(COLUMNS);
    }
  }

  /** The same text with comments and odd white space between its words. */
  #spaced(text: string): string {
    return text.replaceAll(' ', () =>
      this.#pick([' ', ' ', ' ', '\n', '\t', '  ', ' /* x */ ', ' -- y\n', '/**/']),
    );
  }

  #mutated(text: string): string {
    const at = this.#random.integer(0, text.length);
    switch (this.#random.integer(0, 5)) {
      case 0:
        return text.slice(0, at);
      case 1:
        return text.slice(0, at) + text.slice(at + this.#random.integer(1, 8));
      case 2:
        return text.slice(0, at) + this.#pick(FRAGMENTS) + text.slice(at);
      case 3:
        return this.#withWordsSwapped(text);
      case 4:
        return text.replace(/\w+/g, (word) => (this.#random.chance(0.05) ? word.toUpperCase() : word));
      default:
        return `${text}${this.#pick(FRAGMENTS)}`;
    }
  }

  #withWordsSwapped(text: string): string {
    const words = text.split(' ');
    const from = this.#random.integer(0, words.length - 1);
    const to = this.#random.integer(0, words.length - 1);
    words[to] = words[from] ?? '';
    return words.join(' ');
  }

  #list(most: number, item: () => string): string {
    return Array.from({ length: this.#random.integer(1, most) }, item).join(', ');
  }

  /** One of `ordinary`, or, in a hostile text, one of `wild` now and then. */
  #orHostile(ordinary: readonly string[], wild: readonly string[]): string {
    return this.#hostile && this.#random.chance(0.15) ? this.#pick(wild) : this.#pick(ordinary);
  }

  #pick<Item>(items: readonly Item[]): Item {
    return this.#random.pick(items);
  }
}
