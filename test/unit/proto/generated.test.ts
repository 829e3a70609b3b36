// The code under src/proto is what `npm run proto` writes from proto/, byte for byte.

import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const BIN = join(ROOT, 'node_modules', '.bin');

async function filesOf(directory: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(path.slice(directory.length), await readFile(path, 'utf8'));
  }
  return files;
}

test('the generated code is that of the definitions', async () => {
  const output = await mkdtemp(join(tmpdir(), 'unkey-proto-'));
  try {
    await promisify(execFile)(join(BIN, 'buf'), ['generate', '--output', output], {
      cwd: ROOT,
      env: { ...process.env, PATH: `${BIN}${delimiter}${process.env.PATH}` },
    });
    const generated = await filesOf(join(output, 'src', 'proto'));
    expect(generated.size).toBeGreaterThan(0);
    expect(await filesOf(join(ROOT, 'src', 'proto'))).toEqual(generated);
  } finally {
    await rm(output, { recursive: true });
  }
});

test('the definitions keep to the rules of their linter', async () => {
  await promisify(execFile)(join(BIN, 'buf'), ['lint'], { cwd: ROOT });
});
