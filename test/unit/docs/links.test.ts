// Links between the documents lead somewhere: to a file that is there, and to a heading in it.
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const DOCUMENTS = globSync(['*.md', 'docs/**/*.md'], { cwd: ROOT });

const FENCE = /^(```|~~~).*?^\1/gms;
const LINK = /\]\(([^)\s]+)\)/g;
const HEADING = /^#{1,6} (.*)$/gm;

/** Only what is rendered: no code. */
const prose = (document: string) => readFileSync(join(ROOT, document), 'utf8').replace(FENCE, '');

/** The anchors of a document, as the usual renderers make them of its headings; a repeated one gets a number. */
function anchors(document: string): ReadonlySet<string> {
  const seen = new Map<string, number>();
  return new Set(
    [...prose(document).matchAll(HEADING)].map(([, heading = '']) => {
      const anchor = heading
        .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-');
      const count = seen.get(anchor) ?? 0;
      seen.set(anchor, count + 1);
      return count === 0 ? anchor : `${anchor}-${count}`;
    }),
  );
}

/** What is wrong with a relative link of a document; undefined when it leads somewhere. */
function problem(document: string, link: string): string | undefined {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? document : normalize(join(dirname(document), decodeURI(path)));
  if (target.startsWith('..')) return `${document}: ${link} leads out of the project`;
  if (!existsSync(join(ROOT, target))) return `${document}: ${link} names no file`;
  if (anchor === undefined || statSync(join(ROOT, target)).isDirectory()) return undefined;
  return anchors(target).has(anchor) ? undefined : `${document}: ${link} names no heading`;
}

it.each(DOCUMENTS)('%s links to what is there', (document) => {
  const links = [...prose(document).matchAll(LINK)].map(([, link = '']) => link);
  const relative = links.filter((link) => !/^[a-z]+:/i.test(link));
  expect(relative.map((link) => problem(document, link)).filter((found) => found !== undefined)).toEqual([]);
});

it('covers the documents, and finds links in them', () => {
  expect(DOCUMENTS).toEqual(expect.arrayContaining(['README.md', join('docs', 'operations.md')]));
  expect(prose('README.md').match(LINK)?.length).toBeGreaterThan(10);
});
