// The bounds of one analytics query text (spec 07 §1.5, §2.7).

/** UTF-8 bytes of the text. */
export const MAX_SQL_BYTES = 16_384;

/** Projected columns, summed over every SELECT in the tree. */
export const MAX_PROJECTED_COLUMNS = 64;

/** Nodes of the tree. */
export const MAX_NODES = 2_000;

/**
 * Open brackets at one place. ClickHouse itself stops at an AST depth of 100; the bound here keeps both the parser's
 * recursion and ours far from the end of the stack.
 */
export const MAX_BRACKET_DEPTH = 100;
