import { expect, test } from 'vitest';
import { contains, searchPattern } from '../../../src/storage/sql/search.ts';

test('a search looks into every column', () => {
  expect(contains(['id', 'name'], 'text')).toBe(
    "(LOWER(id) LIKE LOWER(:text) ESCAPE '!' OR LOWER(name) LIKE LOWER(:text) ESCAPE '!')",
  );
});

test('a pattern has no wildcard but those around the text', () => {
  expect(searchPattern('a_b%c!d\\e')).toBe('%a!_b!%c!!d\\e%');
});
