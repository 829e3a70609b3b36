// What a PromQL expression asks for, by the grammar that Prometheus's own web interface uses.
import { parser } from '@prometheus-io/lezer-promql';

export interface Matcher {
  readonly label: string;
  readonly operator: string;
  readonly value: string;
}

/** `name{matchers}` of an expression. */
export interface Selector {
  readonly name: string;
  readonly matchers: readonly Matcher[];
}

/** Labels by which an expression groups or matches, and the selectors that have to have them. */
export interface Grouping {
  readonly labels: readonly string[];
  readonly selectors: readonly Selector[];
}

export interface Expression {
  readonly selectors: readonly Selector[];
  readonly groupings: readonly Grouping[];
}

type SyntaxNode = ReturnType<typeof parser.parse>['topNode'];

const unquoted = (literal: string): string => JSON.parse(literal.replace(/^'(.*)'$/s, '"$1"'));

/** All nodes of these names below `node`, in order. */
function below(node: SyntaxNode, ...names: string[]): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  node.cursor().iterate((each) => {
    if (names.includes(each.name)) found.push(each.node);
  });
  return found;
}

/** @throws Error for what is no PromQL, and for a selector without a name. */
export function parsePromql(text: string): Expression {
  const tree = parser.parse(text);
  const source = (node: SyntaxNode): string => text.slice(node.from, node.to);
  tree.iterate({
    enter(node) {
      if (node.type.isError) throw new Error(`no PromQL at character ${node.from}: ${text}`);
    },
  });
  const toMatcher = (node: SyntaxNode): Matcher => {
    const part = (name: string): string => {
      const child = node.getChild(name);
      if (child === null) throw new Error(`a matcher without ${name}: ${source(node)}`);
      return source(child);
    };
    return { label: part('LabelName'), operator: part('MatchOp'), value: unquoted(part('StringLiteral')) };
  };
  const toSelector = (node: SyntaxNode): Selector => {
    const name = node.getChild('Identifier');
    if (name === null) throw new Error(`a selector without a name: ${source(node)}`);
    return { name: source(name), matchers: below(node, 'UnquotedLabelMatcher').map(toMatcher) };
  };
  const selectorsOf = (node: SyntaxNode): Selector[] => below(node, 'VectorSelector').map(toSelector);
  const groupings = below(tree.topNode, 'GroupingLabels').map((node) => {
    // `by (…)` belongs to the aggregation around it, `on (…)` to the two sides of the operator around it.
    const scope = node.parent?.parent;
    if (!scope) throw new Error(`labels outside an expression: ${source(node)}`);
    return { labels: below(node, 'LabelName').map(source), selectors: selectorsOf(scope) };
  });
  return { selectors: selectorsOf(tree.topNode), groupings };
}
