// The parser's expressions as ours. The list of node kinds is an allow-list.

import {
  inventedCall,
  readDot,
  readFunction,
  readIn,
  readInterval,
  readLiteral,
  readStar,
  wireOrNone,
} from './lower-special.ts';
import type { Lowering } from './lowering.ts';
import type { BinaryOperator, Expression } from './tree.ts';
import { typeFromString } from './type-names.ts';
import { type Fields, fieldsOf, listOf, only, requiredNode, textOf, unsupported } from './wire.ts';

type Reader = (context: Lowering, fields: Fields) => Expression;

const BINARY: Readonly<Record<string, BinaryOperator>> = {
  and: 'AND',
  or: 'OR',
  eq: '=',
  // The skeleton writes `==` in this way: the parser would not tell it from `=`.
  null_safe_eq: '==',
  neq: '!=',
  lt: '<',
  lte: '<=',
  gt: '>',
  gte: '>=',
  add: '+',
  sub: '-',
  mul: '*',
  div: '/',
  mod: '%',
  concat: '||',
  like: 'LIKE',
  i_like: 'ILIKE',
};

/** Syntax that reads like a call and is none of the allowed ones: kept as a call, refused with the functions. */
const CALL_LIKE = new Set(['exists', 'apply', 'replace']);

const READERS: Readonly<Record<string, Reader>> = {
  literal: readLiteral,
  null: () => ({ kind: 'constant', text: 'NULL' }),
  boolean: (_, fields) => {
    only(fields, 'value');
    return { kind: 'constant', text: fields.value === true ? 'TRUE' : 'FALSE' };
  },
  column: (context, fields) => {
    only(fields, 'name', 'table');
    const qualifier = wireOrNone(fields.table);
    return {
      kind: 'column',
      parts: [...(qualifier === undefined ? [] : [context.name(qualifier)]), context.name(fields.name)],
    };
  },
  identifier: (context, fields) => ({ kind: 'column', parts: [context.name(fields)] }),
  star: readStar,
  not: (context, fields) => {
    only(fields, 'this');
    const negated = requiredNode(fields.this);
    const operator = BINARY[negated.kind];
    // The parser gives `a NOT LIKE b` this shape, and `NOT a LIKE b` another.
    if (operator === 'LIKE' || operator === 'ILIKE')
      return readBinary(context, negated.fields, operator, true);
    return { kind: 'unary', operator: 'NOT', operand: context.expression(fields.this) };
  },
  neg: (context, fields) => {
    only(fields, 'this');
    return { kind: 'unary', operator: '-', operand: context.expression(fields.this) };
  },
  between: (context, fields) => {
    only(fields, 'this', 'low', 'high', 'not');
    return {
      kind: 'between',
      negated: fields.not === true,
      value: context.expression(fields.this),
      low: context.expression(fields.low),
      high: context.expression(fields.high),
    };
  },
  in: readIn,
  is_null: (context, fields) => {
    only(fields, 'this', 'not');
    return { kind: 'is-null', negated: fields.not === true, value: context.expression(fields.this) };
  },
  case: (context, fields) => {
    only(fields, 'operand', 'whens', 'else_');
    const branches = listOf(fields.whens).map((branch) => {
      const [when, result] = listOf(branch);
      return { when: context.expression(when), result: context.expression(result) };
    });
    return {
      kind: 'case',
      operand: context.optional(fields.operand),
      branches,
      otherwise: context.optional(fields.else_),
    };
  },
  if_func: (context, fields) => {
    only(fields, 'condition', 'true_value', 'false_value');
    return {
      kind: 'ternary',
      condition: context.expression(fields.condition),
      yes: context.expression(fields.true_value),
      no: context.expression(fields.false_value),
    };
  },
  cast: (context, fields) => {
    only(fields, 'this', 'to', 'double_colon_syntax');
    const to = fieldsOf(fields.to);
    only(to, 'data_type', 'name');
    return {
      kind: 'cast',
      value: context.expression(fields.this),
      type: context.type(textOf(to.name)),
      form: fields.double_colon_syntax === true ? '::' : 'AS',
    };
  },
  cast_to_str_type: (context, fields) => {
    only(fields, 'this', 'to');
    const type = context.expression(fields.to);
    if (type.kind !== 'string') throw unsupported('CAST');
    return {
      kind: 'cast',
      value: context.expression(fields.this),
      type: typeFromString(type.value),
      form: ',',
    };
  },
  extract: (context, fields) => {
    only(fields, 'this', 'field');
    return {
      kind: 'extract',
      unit: textOf(fields.field).toUpperCase(),
      value: context.expression(fields.this),
    };
  },
  interval: readInterval,
  array_func: (context, fields) => {
    only(fields, 'expressions', 'bracket_notation');
    if (fields.bracket_notation !== true) throw unsupported('array');
    return { kind: 'array', items: context.expressions(fields.expressions) };
  },
  tuple: (context, fields) => {
    only(fields, 'expressions');
    return { kind: 'tuple', items: context.expressions(fields.expressions) };
  },
  map_func: (context, fields) => {
    only(fields, 'keys', 'values', 'curly_brace_syntax');
    const values = listOf(fields.values);
    const entries = listOf(fields.keys).map((key, index) => ({
      key: context.expression(key),
      value: context.expression(values[index]),
    }));
    if (fields.curly_brace_syntax !== true || entries.length !== values.length) throw unsupported('map');
    return { kind: 'map', entries };
  },
  paren: (context, fields) => {
    only(fields, 'this');
    return { kind: 'paren', value: context.expression(fields.this) };
  },
  subscript: (context, fields) => {
    only(fields, 'this', 'index');
    return {
      kind: 'subscript',
      value: context.expression(fields.this),
      index: context.expression(fields.index),
    };
  },
  dot: readDot,
  lambda: (context, fields) => {
    only(fields, 'parameters', 'body');
    const parameters = listOf(fields.parameters).map((parameter) => context.name(parameter));
    return { kind: 'lambda', parameters, body: context.expression(fields.body) };
  },
  alias: (context, fields) => {
    only(fields, 'this', 'alias', 'alias_explicit_as', 'alias_keyword');
    return { kind: 'alias', value: context.expression(fields.this), name: context.name(fields.alias) };
  },
  subquery: (context, fields) => {
    only(fields, 'this');
    return { kind: 'scalar-query', query: context.query(fields.this) };
  },
  function: readFunction,
  combined_parameterized_agg: (context, fields) => {
    only(fields, 'this', 'params', 'expressions');
    const { kind, fields: name } = requiredNode(fields.this);
    if (kind !== 'identifier') throw unsupported(kind);
    only(name, 'name');
    return {
      kind: 'call',
      ...context.callName(textOf(name.name)),
      parameters: context.expressions(fields.params),
      args: context.expressions(fields.expressions),
      distinct: false,
      over: undefined,
    };
  },
  window_function: (context, fields) => {
    only(fields, 'this', 'over');
    const call = context.expression(fields.this);
    if (call.kind !== 'call') throw unsupported('OVER');
    return { ...call, over: context.over(fields.over) };
  },
};

/** `value` as an expression of ours. */
export function lowerExpression(context: Lowering, value: unknown): Expression {
  const { kind, fields } = requiredNode(value);
  const operator = BINARY[kind];
  if (operator !== undefined) return readBinary(context, fields, operator, false);
  if (CALL_LIKE.has(kind)) return inventedCall(kind);
  const reader = READERS[kind];
  if (reader === undefined) throw unsupported(kind);
  return reader(context, fields);
}

function readBinary(
  context: Lowering,
  fields: Fields,
  operator: BinaryOperator,
  negated: boolean,
): Expression {
  only(fields, 'left', 'right');
  return {
    kind: 'binary',
    operator,
    negated,
    left: context.expression(fields.left),
    right: context.expression(fields.right),
  };
}
