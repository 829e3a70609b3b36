import { isObject } from '../../lib/json.ts';
import { parseJsonBody } from '../../server/validation/json-body.ts';
import type { ColumnMap } from './column-map.ts';
import type { Field } from './fields.ts';
import { type InputRecord, isBlank, type Line, type RecordReader, TOO_LONG, textProblem } from './record.ts';

/** Reads JSON lines: each line that is not blank is one object, its members are the columns. */
export function createJsonLineReader(columns: ColumnMap): RecordReader {
  let row = 0;
  return {
    push(line) {
      if (line.text?.trim() === '') return [];
      row++;
      return [recordOf(line, row, columns)];
    },
    end: () => [],
  };
}

function recordOf({ number, text }: Line, row: number, columns: ColumnMap): InputRecord {
  const place = { row, line: number };
  if (text === undefined) return { ...place, problem: TOO_LONG };
  const bad = textProblem(text);
  if (bad !== undefined) return { ...place, problem: bad };
  let value: unknown;
  try {
    value = parseJsonBody(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { ...place, problem: 'is not valid JSON' };
  }
  if (!isObject(value)) return { ...place, problem: 'is no JSON object' };

  const cells: [Field, unknown][] = [];
  for (const [index, [name, member]] of Object.entries(value).entries()) {
    const field = columns.fieldOf(name);
    if (field === undefined) {
      // Unnamed: it may be anything, a key too.
      return { ...place, problem: `member ${index + 1} is no field of a key, and --map does not name it` };
    }
    if (field !== 'left out' && !isBlank(member)) cells.push([field, member]);
  }
  return { ...place, cells };
}
