// The tree that an analytics query becomes: the only form in which the checks see it and from which SQL is generated.
// It knows the SELECT grammar of spec 07 §2.1 and nothing else; what it cannot hold cannot run. Every node is a plain
// object with a `kind`, so that a walk over all properties (walk.ts) meets every subtree.

export interface Name {
  readonly text: string;
  readonly quoted: boolean;
}

export interface SelectQuery {
  readonly kind: 'select';
  bindings: Binding[];
  distinct: { readonly on: Expression[] } | undefined;
  top: Expression | undefined;
  items: Expression[];
  from: Source[];
  joins: Join[];
  prewhere: Expression | undefined;
  where: Expression | undefined;
  groupBy: GroupBy | undefined;
  having: Expression | undefined;
  windows: { readonly name: Name; readonly spec: WindowSpec }[];
  orderBy: OrderItem[];
  interpolate: Interpolation[] | undefined;
  limitBy: LimitBy | undefined;
  limit: Expression | undefined;
  offset: Expression | undefined;
}

export interface SetQuery {
  readonly kind: 'set';
  readonly operator: SetOperator;
  readonly left: Query;
  readonly right: Query;
}

export interface ParenthesizedQuery {
  readonly kind: 'parenthesized';
  readonly query: Query;
}

export type SetOperator =
  | 'UNION ALL'
  | 'UNION DISTINCT'
  | 'EXCEPT'
  | 'EXCEPT ALL'
  | 'EXCEPT DISTINCT'
  | 'INTERSECT'
  | 'INTERSECT ALL'
  | 'INTERSECT DISTINCT';

export type Query = SelectQuery | SetQuery | ParenthesizedQuery;

/** One entry of WITH: `name AS (query)` or `expression AS name`. */
export type Binding =
  | { readonly kind: 'cte'; name: Name; readonly query: Query }
  | { readonly kind: 'expression-binding'; readonly name: Name; readonly value: Expression };

export interface TableSource {
  readonly kind: 'table';
  /** `table`, or `database.table`. */
  name: Name[];
  alias: Name | undefined;
  readonly final: boolean;
  readonly sample: { readonly size: Expression; readonly offset: Expression | undefined } | undefined;
  /** What the name stands for; set when tables are resolved. */
  resolved: 'cte' | { readonly physical: string } | undefined;
}

export interface QuerySource {
  readonly kind: 'derived';
  readonly query: Query;
  readonly alias: Name | undefined;
}

/** A call in the place of a table. Always refused; kept so that the refusal can name it. */
export interface TableFunctionSource {
  readonly kind: 'table-function';
  readonly name: string;
}

export type Source = TableSource | QuerySource | TableFunctionSource;

export type Join =
  | {
      readonly kind: 'join';
      /** What stands before the table: `LEFT ANY JOIN`, `,` … */
      readonly operator: string;
      readonly source: Source;
      readonly on: Expression | undefined;
      readonly using: Name[];
    }
  | { readonly kind: 'array-join'; readonly left: boolean; readonly items: Expression[] };

export interface GroupBy {
  readonly kind: 'group-by';
  readonly all: boolean;
  readonly items: Expression[];
  readonly modifiers: ('ROLLUP' | 'CUBE' | 'TOTALS')[];
}

export interface OrderItem {
  readonly kind: 'order-item';
  readonly value: Expression;
  readonly descending: boolean;
  readonly fill: Fill | undefined;
}

export interface Fill {
  readonly from: Expression | undefined;
  readonly to: Expression | undefined;
  readonly step: Expression | undefined;
  readonly staleness: Expression | undefined;
}

/** `name`, or `name AS value`: how WITH FILL computes a column of the rows that it adds. */
export interface Interpolation {
  readonly name: Name;
  readonly value: Expression | undefined;
}

export interface LimitBy {
  readonly count: Expression;
  readonly offset: Expression | undefined;
  readonly columns: Expression[];
}

export interface WindowSpec {
  readonly kind: 'window';
  readonly base: Name | undefined;
  readonly partitionBy: Expression[];
  readonly orderBy: OrderItem[];
  readonly frame: Frame | undefined;
}

export interface Frame {
  readonly unit: 'ROWS' | 'RANGE';
  readonly start: FrameBound;
  readonly end: FrameBound | undefined;
}

export type FrameBound =
  | 'CURRENT ROW'
  | { readonly offset: Expression | 'UNBOUNDED'; readonly side: FrameSide };

export type FrameSide = 'PRECEDING' | 'FOLLOWING';

export interface Call {
  readonly kind: 'call';
  name: Name;
  /** Not a call of the text: syntax that reads like one, such as `* EXCEPT (a)`, of which only the name is kept. */
  readonly invented: boolean;
  /** The first list of `quantile(0.9)(x)`. */
  readonly parameters: Expression[] | undefined;
  readonly args: Expression[];
  readonly distinct: boolean;
  readonly over: Name | WindowSpec | undefined;
}

export type SetOperand =
  | { readonly kind: 'list'; readonly items: Expression[] }
  | { readonly kind: 'subquery'; readonly query: Query }
  /** What stands right of IN without parentheses. */
  | { readonly kind: 'bare'; readonly value: Expression };

export type BinaryOperator =
  | 'AND'
  | 'OR'
  | '='
  /** The same comparison for the engine; the retention check passes over it. */
  | '=='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | '||'
  | 'LIKE'
  | 'ILIKE';

export interface Binary {
  readonly kind: 'binary';
  readonly operator: BinaryOperator;
  readonly negated: boolean;
  readonly left: Expression;
  readonly right: Expression;
}

export interface In {
  readonly kind: 'in';
  readonly negated: boolean;
  readonly global: boolean;
  readonly value: Expression;
  readonly operand: SetOperand;
}

export interface Interval {
  readonly kind: 'interval';
  readonly amount: Expression;
  readonly unit: string;
}

export type Expression =
  | Call
  | Binary
  | In
  | Interval
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'constant'; readonly text: 'NULL' | 'TRUE' | 'FALSE' }
  | { readonly kind: 'column'; readonly parts: Name[] }
  | { readonly kind: 'star'; readonly qualifier: Name[] }
  | { readonly kind: 'unary'; readonly operator: 'NOT' | '-'; readonly operand: Expression }
  | {
      readonly kind: 'between';
      readonly negated: boolean;
      readonly value: Expression;
      readonly low: Expression;
      readonly high: Expression;
    }
  | { readonly kind: 'is-null'; readonly negated: boolean; readonly value: Expression }
  | {
      readonly kind: 'case';
      readonly operand: Expression | undefined;
      readonly branches: { readonly when: Expression; readonly result: Expression }[];
      readonly otherwise: Expression | undefined;
    }
  | {
      readonly kind: 'ternary';
      readonly condition: Expression;
      readonly yes: Expression;
      readonly no: Expression;
    }
  | {
      readonly kind: 'cast';
      readonly value: Expression;
      readonly type: string;
      readonly form: 'AS' | '::' | ',';
    }
  | { readonly kind: 'extract'; readonly unit: string; readonly value: Expression }
  | { readonly kind: 'array'; readonly items: Expression[] }
  | { readonly kind: 'tuple'; readonly items: Expression[] }
  | { readonly kind: 'map'; readonly entries: { readonly key: Expression; readonly value: Expression }[] }
  | { readonly kind: 'paren'; readonly value: Expression }
  | { readonly kind: 'subscript'; readonly value: Expression; readonly index: Expression }
  | { readonly kind: 'field'; readonly value: Expression; readonly name: Name }
  | { readonly kind: 'lambda'; readonly parameters: Name[]; readonly body: Expression }
  | { readonly kind: 'alias'; readonly value: Expression; readonly name: Name }
  | { readonly kind: 'scalar-query'; readonly query: Query }
  | {
      readonly kind: 'grouping';
      readonly form: 'CUBE' | 'ROLLUP' | 'GROUPING SETS';
      readonly items: Expression[];
    }
  /** SQL of this service (a retention predicate); never made from a caller's text. */
  | { readonly kind: 'trusted'; readonly sql: string };

export type Node =
  | Expression
  | Query
  | Binding
  | Source
  | Join
  | GroupBy
  | OrderItem
  | WindowSpec
  | SetOperand;
