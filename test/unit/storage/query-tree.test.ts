import { describe, expect, test } from 'vitest';
import { FunctionRules } from '../../../src/storage/analytics/engine-functions.ts';
import { nameOf, readTree, walk } from '../../../src/storage/analytics/query-tree.ts';
import { checkTree } from '../../../src/storage/analytics/reader-rules.ts';

const DUMP = `SelectWithUnionQuery (children 1)
 ExpressionList (children 1)
  SelectQuery (children 2)
   ExpressionList (children 1)
    Identifier a.b (alias x)
   TablesInSelectQuery (children 1)
    TablesInSelectQueryElement (children 1)
     TableExpression (children 1)
      TableIdentifier default.t
`;

describe("the engine's dump of a statement", () => {
  test('reads as a tree of names', () => {
    const nodes = [...walk(readTree(DUMP))];
    expect(nodes.map(({ kind }) => kind)).toContain('TableExpression');
    expect(nodes.filter(({ label }) => label !== '').map(nameOf)).toEqual(['a.b', 'default.t']);
  });

  test.each([
    ['a line that is no node', DUMP.replace('Identifier a.b', 'Identifier a\n.b')],
    ['a node more than announced', DUMP.replace('a.b (alias x)', 'a.b\n    Identifier c')],
    [
      'a node less than announced',
      DUMP.replace('ExpressionList (children 1)\n  S', 'ExpressionList (children 2)\n  S'),
    ],
    ['a node too deep', DUMP.replace('    Identifier', '      Identifier')],
    ['a second root', `${DUMP}SelectQuery\n`],
    ['nothing', ''],
  ])('is refused with %s', (_what, dump) => {
    expect(() => readTree(dump)).toThrow('cannot be told from its structure');
  });
});

describe('functions that a workspace may call', () => {
  const rules = new FunctionRules([
    { name: 'lower', kind: 'scalar', category: 'String' },
    { name: 'file', kind: 'scalar', category: 'Other' },
    { name: 'brandNew', kind: 'scalar', category: 'A Category To Come' },
    { name: 'sum', kind: 'aggregate', category: '' },
    { name: 'If', kind: 'combinator', category: '' },
    { name: 'OrNull', kind: 'combinator', category: '' },
  ]);

  test.each(['lower', 'LOWER', 'sum', 'sumIf', 'sumOrNullIf', 'toTypeName', 'lambda'])('%s', (name) => {
    expect(() => rules.checkCall(name)).not.toThrow();
  });

  test.each(['file', 'FILE', 'brandNew', 'unknown', 'If', 'fileIf'])('not %s', (name) => {
    expect(() => rules.checkCall(name)).toThrow(`function ${name} is not allowed`);
  });

  test('a bare name may be that of a column, not of such a function', () => {
    expect(() => rules.checkName('workspace_id')).not.toThrow();
    expect(() => rules.checkName('lower')).not.toThrow();
    expect(() => rules.checkName('file')).toThrow('function file is not allowed');
  });

  test('a table that is not named to the reader is refused', () => {
    const tables = new Map([['default.other', { predicate: '1' }]]);
    expect(() => checkTree(readTree(DUMP), { tables, functions: rules })).toThrow(
      'table default.t is not readable',
    );
  });
});
