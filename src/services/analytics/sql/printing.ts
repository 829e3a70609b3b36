import type { Expression, Query, WindowSpec } from './tree.ts';

/** How the writers of the different parts reach each other. */
export interface Printing {
  expression(expression: Expression): string;
  expressions(expressions: readonly Expression[]): string;
  query(query: Query): string;
  /** The inside of `OVER (…)`. */
  window(spec: WindowSpec): string;
}
