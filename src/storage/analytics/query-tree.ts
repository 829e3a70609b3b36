// The engine's own parse of a statement, read back from `EXPLAIN AST`: one node a line, indented by its depth, with the
// number of its children.
import { refusedError } from './engine-errors.ts';

export interface TreeNode {
  /** The engine's name of the kind of node, e.g. `SelectQuery`. */
  readonly kind: string;
  /** What follows the kind: a name, a literal, an alias. Names may hold anything. */
  readonly label: string;
  readonly children: TreeNode[];
}

interface OpenNode extends TreeNode {
  readonly depth: number;
  /** Children that the engine announced. */
  readonly announced: number;
}

const LINE = /^( *)([A-Za-z]+(?:::[A-Za-z]+)?)(?: (.*?))?(?: ?\(children (\d+)\))?$/;

/**
 * Reads the tree. A name may contain a line break and so write lines of its own into the dump: a dump whose lines, depths
 * and numbers of children do not agree is refused as a whole.
 *
 * @throws AnalyticsStoreError `refused`.
 */
export function readTree(dump: string): TreeNode {
  const [first, ...rest] = dump.trimEnd().split('\n');
  // The engine indents the children of the root like the root itself.
  const root = openNode(first ?? '', -1);
  const path: OpenNode[] = [root];
  for (const line of rest) {
    const node = openNode(line);
    while ((path.at(-1)?.depth ?? -1) >= node.depth) complete(path.pop());
    const parent = path.at(-1);
    if (parent === undefined || node.depth !== parent.depth + 1) throw unreadable();
    parent.children.push(node);
    path.push(node);
  }
  for (const node of path) complete(node);
  return root;
}

/** The node and everything below it, parents first. */
export function* walk(node: TreeNode): Generator<TreeNode> {
  yield node;
  for (const child of node.children) yield* walk(child);
}

/** The label up to its alias: the name of an identifier, a table or a function that the schema or the engine knows. */
export function nameOf(node: TreeNode): string {
  return node.label.split(' ', 1)[0] ?? '';
}

function openNode(line: string, depth?: number): OpenNode {
  const [, indent = '', kind, label = '', announced = '0'] = LINE.exec(line) ?? [];
  if (kind === undefined) throw unreadable();
  return { kind, label, children: [], depth: depth ?? indent.length - 1, announced: Number(announced) };
}

function complete(node: OpenNode | undefined): void {
  if (node === undefined || node.children.length !== node.announced) throw unreadable();
}

function unreadable() {
  return refusedError('the statement has a name that cannot be told from its structure');
}
