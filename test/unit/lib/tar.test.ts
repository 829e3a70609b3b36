import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { tarArchive } from '../../../src/lib/tar.ts';

const MODIFIED_AT = Date.UTC(2026, 0, 2, 3, 4, 5);

it('makes what tar unpacks', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'unkey-tar-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const contents = ['', 'short\n', 'é'.repeat(256), 'x'.repeat(512), 'y'.repeat(70_000)];
  const entries = contents.map((content, i) => ({ name: `folder/${i}.txt`, content }));
  await writeFile(join(folder, 'a.tar'), tarArchive(entries, MODIFIED_AT));
  execFileSync('tar', ['-xf', 'a.tar'], { cwd: folder });
  for (const { name, content } of entries) {
    expect(await readFile(join(folder, name), 'utf8')).toBe(content);
    const { mode, mtimeMs } = await stat(join(folder, name));
    expect([mode & 0o777, mtimeMs]).toEqual([0o600, MODIFIED_AT]);
  }
});

it.each(['', 'with space', 'ünkey', 'a'.repeat(101)])('refuses the name "%s"', (name) => {
  expect(() => tarArchive([{ name, content: '' }], MODIFIED_AT)).toThrow(RangeError);
});
