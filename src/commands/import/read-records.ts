import type { InputRecord, RecordReader } from './record.ts';
import { LineSplitter } from './text-lines.ts';

/** The records of a stream of bytes, in order. Holds one chunk and one record at a time. */
export async function* readRecords(
  chunks: AsyncIterable<Uint8Array>,
  reader: RecordReader,
  onBytes: (count: number) => void,
): AsyncGenerator<InputRecord> {
  const splitter = new LineSplitter();
  for await (const chunk of chunks) {
    onBytes(chunk.length);
    for (const line of splitter.push(chunk)) yield* reader.push(line);
  }
  for (const line of splitter.end()) yield* reader.push(line);
  yield* reader.end();
}
