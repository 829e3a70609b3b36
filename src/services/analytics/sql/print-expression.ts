import { printName, printNames } from './print-names.ts';
import type { Printing } from './printing.ts';
import { quotedIdentifier, stringLiteral } from './quoted.ts';
import type { Call, Expression, In, Name } from './tree.ts';

/** `expression` as SQL. Brackets are those of the tree: the parser keeps the caller's as nodes. */
export function writeExpression(print: Printing, expression: Expression): string {
  switch (expression.kind) {
    case 'number':
    case 'constant':
      return expression.text;
    case 'string':
      return stringLiteral(expression.value);
    case 'column':
      return printNames(expression.parts);
    case 'star':
      return [...expression.qualifier.map(printName), '*'].join('.');
    case 'call':
      return printCall(print, expression);
    case 'grouping':
      return `${expression.form} (${expression.items.map((item) => printGroupingSet(print, item)).join(', ')})`;
    case 'unary':
      return expression.operator === 'NOT'
        ? `NOT ${print.expression(expression.operand)}`
        : `-${spacedAfterMinus(print.expression(expression.operand))}`;
    case 'binary':
      return [
        print.expression(expression.left),
        ...(expression.negated ? ['NOT'] : []),
        expression.operator,
        print.expression(expression.right),
      ].join(' ');
    case 'between': {
      const operator = expression.negated ? 'NOT BETWEEN' : 'BETWEEN';
      const range = `${print.expression(expression.low)} AND ${print.expression(expression.high)}`;
      return `${print.expression(expression.value)} ${operator} ${range}`;
    }
    case 'in':
      return printIn(print, expression);
    case 'is-null':
      return `${print.expression(expression.value)} IS ${expression.negated ? 'NOT ' : ''}NULL`;
    case 'case':
      return printCase(print, expression);
    case 'ternary':
      return `${print.expression(expression.condition)} ? ${print.expression(expression.yes)} : ${print.expression(expression.no)}`;
    case 'cast':
      return printCast(print, expression);
    case 'extract':
      return `EXTRACT(${expression.unit} FROM ${print.expression(expression.value)})`;
    case 'interval':
      return `INTERVAL ${print.expression(expression.amount)} ${expression.unit}`;
    case 'array':
      return `[${print.expressions(expression.items)}]`;
    case 'tuple':
      return printTuple(print, expression.items);
    case 'map':
      return `{${expression.entries.map(({ key, value }) => `${print.expression(key)}: ${print.expression(value)}`).join(', ')}}`;
    case 'paren':
      return `(${print.expression(expression.value)})`;
    case 'subscript':
      return `${print.expression(expression.value)}[${print.expression(expression.index)}]`;
    case 'field':
      return `${print.expression(expression.value)}.${printName(expression.name)}`;
    case 'lambda':
      return `${printParameters(expression.parameters)} -> ${print.expression(expression.body)}`;
    case 'alias':
      return `${print.expression(expression.value)} AS ${printName(expression.name)}`;
    case 'scalar-query':
      return `(${print.query(expression.query)})`;
    case 'trusted':
      return expression.sql;
  }
}

function printCall(print: Printing, { name, parameters, args, distinct, over }: Call): string {
  const first = parameters === undefined ? '' : `(${print.expressions(parameters)})`;
  const list = `(${distinct ? 'DISTINCT ' : ''}${print.expressions(args)})`;
  return `${name.quoted ? quotedIdentifier(name.text) : name.text}${first}${list}${printOver(print, over)}`;
}

function printOver(print: Printing, over: Call['over']): string {
  if (over === undefined) return '';
  return 'kind' in over ? ` OVER (${print.window(over)})` : ` OVER ${printName(over)}`;
}

function printIn(print: Printing, { negated, global, value, operand }: In): string {
  const operator = [global ? 'GLOBAL ' : '', negated ? 'NOT ' : '', 'IN'].join('');
  return `${print.expression(value)} ${operator} ${printOperand(print, operand)}`;
}

function printOperand(print: Printing, operand: In['operand']): string {
  switch (operand.kind) {
    case 'list':
      return `(${print.expressions(operand.items)})`;
    case 'subquery':
      return `(${print.query(operand.query)})`;
    case 'bare':
      return print.expression(operand.value);
  }
}

function printCase(print: Printing, { operand, branches, otherwise }: Expression & { kind: 'case' }): string {
  return [
    'CASE',
    ...(operand ? [print.expression(operand)] : []),
    ...branches.map(({ when, result }) => `WHEN ${print.expression(when)} THEN ${print.expression(result)}`),
    ...(otherwise ? [`ELSE ${print.expression(otherwise)}`] : []),
    'END',
  ].join(' ');
}

function printCast(print: Printing, { value, type, form }: Expression & { kind: 'cast' }): string {
  switch (form) {
    case '::':
      return `${print.expression(value)}::${type}`;
    case 'AS':
      return `CAST(${print.expression(value)} AS ${type})`;
    case ',':
      return `CAST(${print.expression(value)}, ${stringLiteral(type)})`;
  }
}

/** A tuple of one needs its comma: `(x)` is no tuple. */
function printTuple(print: Printing, items: readonly Expression[]): string {
  return `(${print.expressions(items)}${items.length === 1 ? ',' : ''})`;
}

/** In GROUPING SETS, `(a)` is a set of one. */
function printGroupingSet(print: Printing, item: Expression): string {
  return item.kind === 'tuple' ? `(${print.expressions(item.items)})` : print.expression(item);
}

function printParameters(parameters: readonly Name[]): string {
  const [only, ...more] = parameters;
  return only !== undefined && more.length === 0
    ? printName(only)
    : `(${parameters.map(printName).join(', ')})`;
}

/** Two minus signs in a row would begin a comment. */
function spacedAfterMinus(operand: string): string {
  return operand.startsWith('-') ? ` ${operand}` : operand;
}
