// What the parser may come to say one day, and what this service does not know, must not get through.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tokenize } from '../../../src/services/analytics/sql/lexer.ts';
import { lowerStatement } from '../../../src/services/analytics/sql/lower-query.ts';
import { parseSql } from '../../../src/services/analytics/sql/parser.ts';
import { printQuery } from '../../../src/services/analytics/sql/print.ts';
import { quotedIdentifier, readQuoted, stringLiteral } from '../../../src/services/analytics/sql/quoted.ts';
import { skeletonOf } from '../../../src/services/analytics/sql/skeleton.ts';

const SQL = `WITH 1 AS o, c AS (SELECT 1) SELECT DISTINCT a.b, count(DISTINCT x), quantile(0.5)(x) OVER (PARTITION BY y),
  CASE WHEN a THEN 1 END, [1], (1, 2), {'k': 1}, x[1], CAST(a AS Int8), a ? 1 : 2, -a, INTERVAL 1 DAY, EXTRACT(DAY FROM a)
  FROM t AS u FINAL SAMPLE 1 JOIN (SELECT 2) AS v USING (z) ARRAY JOIN r AS s PREWHERE a IS NULL
  WHERE a IN (1) AND b BETWEEN 1 AND 2 AND c LIKE 'x' AND NOT d AND arrayFilter(x -> x, y)
  GROUP BY ROLLUP(a) WITH TOTALS HAVING h WINDOW w AS (ORDER BY a ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
  ORDER BY a DESC WITH FILL FROM 1 TO 2 LIMIT 1 BY a UNION ALL SELECT 3`;

/** Every object of a parsed statement, so that each can be disturbed in turn. */
function objectsOf(value: unknown, found: Record<string, unknown>[] = []): Record<string, unknown>[] {
  if (Array.isArray(value)) {
    for (const item of value) objectsOf(item, found);
  } else if (typeof value === 'object' && value !== null) {
    found.push(value as Record<string, unknown>);
    for (const item of Object.values(value)) objectsOf(item, found);
  }
  return found;
}

describe('the reading of the parser tree', () => {
  const skeleton = skeletonOf(tokenize(SQL));

  it('takes the statement as it comes', async () => {
    const [statement] = await parseSql(skeleton.sql);
    expect(printQuery(lowerStatement(statement, skeleton))).toContain(
      'WITH 1 AS o, c AS (SELECT 1) SELECT DISTINCT',
    );
  });

  it('refuses a field that it does not know, wherever it stands', async () => {
    const [statement] = await parseSql(skeleton.sql);
    const unread = objectsOf(statement).filter((object) => {
      // Where a node lies in the text is read by nobody.
      if ('start' in object && 'line' in object) return false;
      object.surprise = { select: { expressions: [] } };
      const refused = throws(() => lowerStatement(statement, skeleton));
      delete object.surprise;
      return !refused;
    });
    expect(unread).toEqual([]);
  });

  it('refuses a node of a kind that it does not know, wherever it stands', async () => {
    const [statement] = await parseSql(skeleton.sql);
    const nodes = objectsOf(statement).filter((object) => {
      const [kind, ...more] = Object.keys(object);
      return (
        more.length === 0 && kind !== undefined && /^[a-z_]+$/.test(kind) && typeof object[kind] === 'object'
      );
    });
    expect(nodes.length).toBeGreaterThan(60);
    for (const node of nodes) {
      const [kind = ''] = Object.keys(node);
      node[`new_${kind}`] = node[kind];
      delete node[kind];
      expect(
        throws(() => lowerStatement(statement, skeleton)),
        kind,
      ).toBe(true);
      node[kind] = node[`new_${kind}`];
      delete node[`new_${kind}`];
    }
  });
});

function throws(run: () => unknown): boolean {
  try {
    run();
    return false;
  } catch {
    return true;
  }
}

describe('quoting', () => {
  const text = fc.string({ unit: 'binary' }).filter((value) => !value.includes('\0'));

  it('reads back what it writes', () => {
    fc.assert(
      fc.property(text, (value) => {
        const literal = stringLiteral(value);
        expect(readQuoted(literal, 0)).toEqual({ value, length: literal.length });
        const name = quotedIdentifier(value);
        expect(readQuoted(name, 0)).toEqual({ value, length: name.length });
      }),
    );
  });

  it('is one token, whatever stands in it', () => {
    fc.assert(
      fc.property(text, (value) => {
        expect(tokenize(`${stringLiteral(value)} ${quotedIdentifier(value)} x`)).toEqual([
          { kind: 'string', text: value },
          { kind: 'quoted', text: value },
          { kind: 'word', text: 'x' },
        ]);
      }),
    );
  });
});
