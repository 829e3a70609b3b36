import { readFileSync } from 'node:fs';
import { isMap, isPair, isSeq, LineCounter, type Node, type ParsedNode, parseDocument } from 'yaml';

export interface Position {
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
}

/** Steps from the root of a document: names of members and indices of items. */
export type DocumentPath = readonly (string | number)[];

/** A contract on disk, YAML or JSON, that knows where in the file each part stands. */
export interface ContractFile {
  readonly file: string;
  readonly text: string;
  /** The plain data; undefined when the text is neither YAML nor JSON. */
  readonly document: unknown;
  /** What the parser complained about. */
  readonly complaints: readonly (Position & { readonly message: string })[];
  /** Where the part at `path` begins; of a part that does not exist, where the nearest part around it begins. */
  locate(path: DocumentPath): Position;
}

/** A contract that cannot be had from its file; the message names the file. */
export class UnreadableContract extends Error {
  override readonly name = 'UnreadableContract';
}

/** @throws UnreadableContract when there is no reading the file. What it holds is not judged here. */
export function readContractFile(file: string): ContractFile {
  const text = readText(file);
  const lines = new LineCounter();
  const parsed = parseDocument(text, { lineCounter: lines });
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const complaints = parsed.errors.map(({ pos, message }) => ({
    ...at(pos[0]),
    message: message.split('\n', 1)[0] ?? message,
  }));
  return {
    file,
    text,
    document: complaints.length > 0 ? undefined : dataOf(parsed, file),
    complaints,
    locate: (path) => at(offsetOf(parsed.contents, path)),
  };
}

/** YAML aliases can ask for more data than fits anywhere; the parser then gives up. */
function dataOf(parsed: { toJS(): unknown }, file: string): unknown {
  try {
    return parsed.toJS();
  } catch (cause) {
    throw new UnreadableContract(`${file}: ${cause instanceof Error ? cause.message : 'cannot be read'}`, {
      cause,
    });
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UnreadableContract(cause instanceof Error ? cause.message : `${file} cannot be read`, {
      cause,
    });
  }
}

function offsetOf(root: ParsedNode | null, path: DocumentPath): number {
  let node: Node | null | undefined = root;
  let offset = 0;
  for (const step of path) {
    if (isMap(node)) {
      const pair: unknown = node.items.find(({ key }) => String(key) === String(step));
      if (!isPair<Node, Node>(pair)) return offset;
      offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      const item = node.items[Number(step)] as Node | undefined;
      if (item === undefined) return offset;
      offset = item.range?.[0] ?? offset;
      node = item;
    } else {
      return offset;
    }
  }
  return offset;
}
