/** What may be below a place in a body, as far as sensitive members go. */
export interface PathNode {
  readonly members: ReadonlyMap<string, PathNode>;
  /** The place of the elements, were this one an array. */
  readonly items: PathNode | undefined;
  /** The value in this place is sensitive, whatever it is. */
  readonly isSensitive: boolean;
}

/** Where sensitive members are, from the root of a body, and how they are called. */
export interface MemberPaths {
  readonly root: PathNode;
  readonly names: ReadonlySet<string>;
}

interface GrowingNode {
  readonly members: Map<string, GrowingNode>;
  items: GrowingNode | undefined;
  isSensitive: boolean;
}

/**
 * Reads paths such as `key`, `data.key` and `data[].plaintext`.
 * @throws Error when there is none, and for one that does not end in a member
 */
export function memberPaths(paths: readonly string[]): MemberPaths {
  if (paths.length === 0) throw new Error('no member of a body is marked as sensitive');
  const root = emptyNode();
  const names = new Set<string>();
  for (const path of paths) {
    const segments = path.replaceAll('[]', '.[]').split('.');
    const last = segments.at(-1);
    if (last === undefined || last === '[]' || segments.includes('')) {
      throw new Error(`'${path}' is no path to a member of a body`);
    }
    names.add(last);
    let node = root;
    for (const segment of segments) node = segment === '[]' ? itemsOf(node) : memberOf(node, segment);
    node.isSensitive = true;
  }
  return { root, names };
}

function emptyNode(): GrowingNode {
  return { members: new Map(), items: undefined, isSensitive: false };
}

function itemsOf(node: GrowingNode): GrowingNode {
  node.items ??= emptyNode();
  return node.items;
}

function memberOf(node: GrowingNode, name: string): GrowingNode {
  const known = node.members.get(name) ?? emptyNode();
  node.members.set(name, known);
  return known;
}
