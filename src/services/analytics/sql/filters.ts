// The filters that keep a query inside its workspace and its grants (spec 07 §2.3, §3.1).
import { queryFault } from './faults.ts';
import { printName } from './print-names.ts';
import { physicalSources, qualifierOf } from './tables.ts';
import type { Expression, Join, Name, Query, SelectQuery, Source, TableSource } from './tree.ts';
import { selectsOf, walk } from './walk.ts';

export interface SecurityFilter {
  readonly column: string;
  /** The values that rows may have; none at all lets no row through. */
  readonly values: readonly string[];
}

/** What one physical table demands beyond the workspace, where no database user enforces it. */
export interface TableRule {
  /**
   * SQL of a predicate on the table known as `qualifier` (ready to print), added next to each workspace filter. It is
   * run as given: it must not contain anything of a caller, and call allowed functions only.
   */
  readonly predicate?: (qualifier: string) => string;
  /** The columns that may be read; the table has no others for the query. */
  readonly columns?: readonly string[];
}

export interface FilterOptions {
  readonly workspaceId: string;
  readonly securityFilters: readonly SecurityFilter[];
  readonly tableRules: ReadonlyMap<string, TableRule>;
}

/**
 * A `*` would name columns that are not granted.
 *
 * @throws Fault invalid_analytics_query, its detail says `instead of *`.
 */
export function assertNoStarOnGrants(query: Query, rules: ReadonlyMap<string, TableRule>): void {
  for (const select of selectsOf(query)) {
    const restricted = physicalSources(select).filter(
      ({ physical }) => rules.get(physical)?.columns !== undefined,
    );
    if (restricted.length > 0 && hasStar(select)) {
      throw queryFault(
        'Not all columns of this table can be read: name the documented columns instead of *.',
      );
    }
  }
}

/** Whether `select` itself names `*`; that of a subquery is its own, and `count(*)` reads no column. */
function hasStar(select: SelectQuery): boolean {
  const skipped = new Set<object>(selectsOf(select).filter((other) => other !== select));
  let found = false;
  walk(
    select,
    (node) => {
      if (node.kind === 'call' && node.name.text.toLowerCase() === 'count') {
        for (const argument of node.args) skipped.add(argument);
      }
      if (node.kind === 'star') found = true;
    },
    skipped,
  );
  return found;
}

/** Puts the filters into every SELECT of `query` that reads a physical table. */
export function injectFilters(query: Query, options: FilterOptions): void {
  for (const select of selectsOf(query)) {
    const sources = physicalSources(select);
    if (sources.some(({ physical }) => options.tableRules.has(physical))) mergePrewhere(select);
    for (const filter of options.securityFilters) {
      for (const { qualifier } of sources) addFilter(select, securityFilter(qualifier, filter));
    }
    for (const { physical, qualifier } of sources) {
      const predicate = options.tableRules.get(physical)?.predicate;
      if (predicate !== undefined) addFilter(select, trusted(predicate(printName(qualifier))));
    }
    for (const { qualifier } of sources) addFilter(select, workspaceFilter(qualifier, options.workspaceId));
    restrictColumns(select, options);
  }
}

/** The conditions that every SELECT on a table known as `qualifier` has to carry. */
export function requiredFilters(
  qualifier: Name,
  { workspaceId, securityFilters }: Pick<FilterOptions, 'workspaceId' | 'securityFilters'>,
): Expression[] {
  return [
    workspaceFilter(qualifier, workspaceId),
    ...securityFilters.map((filter) => securityFilter(qualifier, filter)),
  ];
}

/** `filter AND (what was there)`, so that no OR of the caller stands beside the filter. */
function addFilter(select: SelectQuery, filter: Expression): void {
  select.where = both(select.where, filter);
}

function both(previous: Expression | undefined, filter: Expression): Expression {
  if (previous === undefined) return filter;
  const right: Expression = { kind: 'paren', value: previous };
  return { kind: 'binary', operator: 'AND', negated: false, left: filter, right };
}

function securityFilter(qualifier: Name, { column, values }: SecurityFilter): Expression {
  if (values.length === 0) return { kind: 'number', text: '0' };
  return {
    kind: 'in',
    negated: false,
    global: false,
    value: columnOf(qualifier, column),
    operand: { kind: 'list', items: values.map((value) => ({ kind: 'string', value })) },
  };
}

function workspaceFilter(qualifier: Name, workspaceId: string): Expression {
  return {
    kind: 'binary',
    operator: '=',
    negated: false,
    left: columnOf(qualifier, 'workspace_id'),
    right: { kind: 'string', value: workspaceId },
  };
}

function trusted(sql: string): Expression {
  return { kind: 'trusted', sql: `(${sql})` };
}

function columnOf(qualifier: Name, column: string): Expression {
  return { kind: 'column', parts: [qualifier, { text: column, quoted: false }] };
}

/** Replaces each table with column grants by a subquery of the granted columns. */
function restrictColumns(select: SelectQuery, options: FilterOptions): void {
  const restricted = physicalSources(select).filter(
    ({ physical }) => options.tableRules.get(physical)?.columns !== undefined,
  );
  if (restricted.length === 0) return;
  const replace = (source: Source): Source => {
    const match = restricted.find((candidate) => candidate.source === source);
    if (match === undefined) return source;
    const columns = options.tableRules.get(match.physical)?.columns ?? [];
    return grantedSubquery(match.source, match.qualifier, columns, options);
  };
  select.from = select.from.map(replace);
  select.joins = select.joins.map(
    (join): Join => (join.kind === 'join' ? { ...join, source: replace(join.source) } : join),
  );
}

/**
 * Where no database user filters the rows first, PREWHERE would be computed on foreign rows, and whether it fails would
 * tell of them. In WHERE it stands behind the filters. A subquery of granted columns cannot be read with PREWHERE either.
 */
function mergePrewhere(select: SelectQuery): void {
  if (select.prewhere === undefined) return;
  const alone = select.where === undefined;
  addFilter(select, alone ? select.prewhere : { kind: 'paren', value: select.prewhere });
  select.prewhere = undefined;
}

function grantedSubquery(
  source: TableSource,
  qualifier: Name,
  columns: readonly string[],
  options: FilterOptions,
): Source {
  const table: TableSource = { ...source, alias: undefined };
  const [filter, ...more] = requiredFilters(qualifierOf(table), options);
  return {
    kind: 'derived',
    alias: qualifier,
    query: {
      kind: 'select',
      bindings: [],
      distinct: undefined,
      top: undefined,
      items: columns.map((column) => ({ kind: 'column', parts: [{ text: column, quoted: false }] })),
      from: [table],
      joins: [],
      prewhere: undefined,
      where: more.reduce(both, filter),
      groupBy: undefined,
      having: undefined,
      windows: [],
      orderBy: [],
      interpolate: undefined,
      limitBy: undefined,
      limit: undefined,
      offset: undefined,
    },
  };
}
