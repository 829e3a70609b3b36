import { isObject } from '../../lib/json.ts';

/** What one line of a runner tells. */
export interface Report {
  /** For the log. */
  readonly message?: string;
  /** The image that was built. */
  readonly image?: string;
  /** Why it is going to fail, for callers of the API. */
  readonly error?: string;
}

const FIELDS = ['message', 'image', 'error'] as const;

/** Reads a line: an object with texts of these names, and other members that mean nothing; any other line is a message. */
export function readReport(line: string): Report {
  const value = parsed(line);
  if (!isObject(value)) return line.trim() === '' ? {} : { message: line };
  return Object.fromEntries(
    FIELDS.flatMap((name) => {
      const text = value[name];
      return typeof text === 'string' && text !== '' ? [[name, text]] : [];
    }),
  );
}

function parsed(line: string): unknown {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
