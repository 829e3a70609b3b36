import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ChildServer, startChildServer } from '../child-server.ts';
import type { RecordedAnswer } from '../subject.ts';

const PROCESS = fileURLToPath(new URL('./http-process.ts', import.meta.url));

/** Starts the floor that gives this answer to everything. @param folder for its file */
export async function startHttpFloor(answer: RecordedAnswer, folder: string): Promise<ChildServer> {
  const file = join(folder, 'answer.json');
  await writeFile(file, JSON.stringify(answer));
  return startChildServer(PROCESS, [file]);
}
