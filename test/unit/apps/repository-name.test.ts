import { expect, test } from 'vitest';
import { repositoryName } from '../../../src/services/apps/repository-name.ts';

test.each([
  ['acme/api', 'acme/api'],
  ['  acme/api  ', 'acme/api'],
  ['https://github.com/acme/api', 'acme/api'],
  ['https://github.com/acme/api.git', 'acme/api'],
  ['https://github.com/acme/api/tree/main/src?x=1#L3', 'acme/api'],
  ['https://user:token@github.com//acme/api/', 'acme/api'],
  ['git@github.com:acme/api.git', 'acme/api'],
  ['ssh://git@github.com:/acme/api', 'acme/api'],
  ['github.com/acme/api', 'acme/api'],
  ['/acme/api/', 'acme/api'],
  ['my-github.com-org/repo', 'my-github.com-org/repo'],
  ['owner/some.github.com', 'owner/some.github.com'],
  ['https://github.com/github.com/acme/api', 'acme/api'],
  ['acme/api.git.git', 'acme/api.git'],
])('%j names %j', (text, name) => {
  expect(repositoryName(text)).toBe(name);
});

test.each([
  'acme',
  '',
  '   ',
  'https://github.com/acme',
  'https://github.com/',
  'acme/.git',
  '?acme/api',
  'a/..',
  '../b',
  './b',
])('%j names none', (text) => {
  expect(repositoryName(text)).toBeUndefined();
});
