// Lists of things that have an id, compared by it.

interface Row {
  readonly id: string;
}

export function idsOf(rows: readonly Row[]): string[] {
  return rows.map(({ id }) => id);
}

/** The rows whose id is not among the others', in their order. */
export function without<T extends Row>(rows: readonly T[], others: readonly Row[]): T[] {
  const ids = new Set(idsOf(others));
  return rows.filter(({ id }) => !ids.has(id));
}
