import type { Call, Expression, Name, Query, WindowSpec } from './tree.ts';

/** How the readers of the different parts reach each other and the words behind the placeholders. */
export interface Lowering {
  expression(value: unknown): Expression;
  expressions(value: unknown): Expression[];
  optional(value: unknown): Expression | undefined;
  query(value: unknown): Query;
  over(value: unknown): Name | WindowSpec;
  /** The name in an identifier node. */
  name(value: unknown): Name;
  /** The name behind a placeholder. */
  nameAt(placeholder: string): Name;
  /** The name of a call: one of the caller's, or a word of the parser for syntax that it takes for a call. */
  callName(text: string): Pick<Call, 'name' | 'invented'>;
  stringAt(placeholder: string): string;
  type(placeholder: string): string;
}
