// What a workspace's statement may be made of when the engine runs it without users, grants and row policies. The rules
// judge the engine's own parse, so no second grammar has to agree with it.
import { refusedError } from './engine-errors.ts';
import type { FunctionRules } from './engine-functions.ts';
import { nameOf, type TreeNode, walk } from './query-tree.ts';

/** A table as a workspace sees it. */
export interface ReadableTable {
  /** SQL condition that every row shown fulfils, e.g. `workspace_id = 'ws_1'`. */
  readonly predicate: string;
  /** Columns that may not be named anywhere; `*` is then refused on the table. None unless given. */
  readonly hiddenColumns?: ReadonlySet<string>;
}

/** By qualified name, e.g. `default.ratelimits_raw_v2`. */
export type ReadableTables = ReadonlyMap<string, ReadableTable>;

/** Everything a plain SELECT is built from. Not here: SETTINGS, query parameters, column transformers, EXPLAIN, … */
const ALLOWED_KINDS: ReadonlySet<string> = new Set([
  'ArrayJoin',
  'Asterisk',
  'ExpressionList',
  'Function',
  'Identifier',
  'InterpolateElement',
  'Literal',
  'OrderByElement',
  'QualifiedAsterisk',
  'SampleRatio',
  'SelectIntersectExceptQuery',
  'SelectQuery',
  'SelectWithUnionQuery',
  'Subquery',
  'TableExpression',
  'TableIdentifier',
  'TableJoin',
  'TablesInSelectQuery',
  'TablesInSelectQueryElement',
  'WindowDefinition',
  'WindowListElement',
  'WithElement',
]);

const SET_OPERATOR = /^(?:global)?(?:not)?(?:null)?in(?:ignoreset)?$/i;

/** @throws AnalyticsStoreError `refused` when the statement may reach more than the tables given. */
export function checkTree(
  root: TreeNode,
  { tables, functions }: { readonly tables: ReadableTables; readonly functions: FunctionRules },
): void {
  if (root.kind !== 'SelectWithUnionQuery') throw refusedError('only SELECT is allowed');
  const nodes = [...walk(root)];
  const hidden = new Set([...tables.values()].flatMap((table) => [...(table.hiddenColumns ?? [])]));
  const restricted = restrictedTables(nodes, tables);
  for (const node of nodes) {
    if (!ALLOWED_KINDS.has(node.kind)) throw refusedError(`${node.kind} is not allowed`);
    switch (node.kind) {
      case 'SelectWithUnionQuery':
        // Its only child is the list of SELECTs; INTO OUTFILE, FORMAT and SETTINGS would be further ones.
        if (node.children.length !== 1)
          throw refusedError('INTO OUTFILE, FORMAT and SETTINGS are not allowed');
        break;
      case 'SelectQuery':
        if (restricted.size > 0) checkAsterisks(node, restricted);
        break;
      case 'TableExpression':
        checkSource(node);
        break;
      case 'TableIdentifier':
        checkTable(nameOf(node), tables);
        break;
      case 'Identifier':
        functions.checkName(nameOf(node));
        checkColumn(nameOf(node), hidden);
        break;
      case 'Function':
        functions.checkCall(nameOf(node));
        if (SET_OPERATOR.test(nameOf(node))) checkSet(node);
        break;
    }
  }
}

/** The tables of the statement that have hidden columns. */
function restrictedTables(nodes: readonly TreeNode[], tables: ReadableTables): ReadonlySet<string> {
  return new Set(
    nodes
      .filter(({ kind }) => kind === 'TableIdentifier')
      .map(nameOf)
      .filter((name) => (tables.get(name)?.hiddenColumns?.size ?? 0) > 0),
  );
}

function checkSource(node: TreeNode): void {
  for (const child of node.children) {
    if (child.kind === 'Function') throw refusedError(`table function ${nameOf(child)} is not allowed`);
    // `FROM t AS x (a, b)` renames columns by their position.
    if (child.kind === 'ExpressionList') throw refusedError('column names for a table are not allowed');
  }
}

/** An unqualified name can only be that of a common table expression: the reader's own database is empty. */
function checkTable(name: string, tables: ReadableTables): void {
  if (name.includes('.') && !tables.has(name)) throw refusedError(`table ${name} is not readable`);
}

/** `x IN name` reads the table of that name. */
function checkSet(node: TreeNode): void {
  const operand = node.children[0]?.children[1];
  if (operand?.kind === 'Identifier') throw refusedError('the right side of IN must be a list or a subquery');
}

function checkColumn(name: string, hidden: ReadonlySet<string>): void {
  if (hidden.size === 0) return;
  const column = name.split('.').find((part) => hidden.has(part));
  if (column !== undefined) throw refusedError(`column ${column} is not readable`);
}

/** `*` would name the hidden columns too. A qualified one may mean a table of a SELECT around its own. */
function checkAsterisks(select: TreeNode, restricted: ReadonlySet<string>): void {
  const own = [...withinSelect(select)];
  const reads = own.some((node) => node.kind === 'TableIdentifier' && restricted.has(nameOf(node)));
  if (own.some(({ kind }) => kind === 'QualifiedAsterisk' || (kind === 'Asterisk' && reads))) {
    throw refusedError('not enough privileges for all columns: name them instead of *');
  }
}

/** The nodes of one SELECT, without those of the SELECTs inside it and without the `*` of `count(*)`. */
function* withinSelect(select: TreeNode): Generator<TreeNode> {
  for (const child of select.children) {
    if (child.kind === 'SelectQuery' || isCountOfAll(child)) continue;
    yield child;
    yield* withinSelect(child);
  }
}

function isCountOfAll(node: TreeNode): boolean {
  if (node.kind !== 'Function' || nameOf(node).toLowerCase() !== 'count') return false;
  const [list] = node.children;
  return node.children.length === 1 && list?.children.length === 1 && list.children[0]?.kind === 'Asterisk';
}
