import { expect, test } from 'vitest';
import { parseClickHouseAddress } from '../../../src/storage/analytics/clickhouse-address.ts';

test.each([
  ['clickhouse://ch', 'http://ch:8123'],
  ['clickhouse://ch:9000/db', 'http://ch:8123'],
  ['clickhouse://ch:8999', 'http://ch:8999'],
  ['clickhouse://ch?secure=true', 'https://ch:8443'],
  ['clickhouse://ch:9440', 'https://ch:8443'],
  ['clickhouse://ch:9440?secure=true', 'https://ch:8443'],
  ['clickhouse://ch:9000?secure=1', 'https://ch:8123'],
  ['CLICKHOUSE://ch:9000', 'http://ch:8123'],
  ['http://ch:8123/default', 'http://ch:8123'],
  ['http://ch', 'http://ch:80'],
  ['https://ch', 'https://ch:443'],
  ['https://ch:9440', 'https://ch:8443'],
  ['http://[::1]:9000', 'http://[::1]:8123'],
])('%s answers at %s', (url, origin) => {
  expect(parseClickHouseAddress(url).origin).toBe(origin);
});

test('user, password and database are read as they were escaped', () => {
  expect(
    parseClickHouseAddress('clickhouse://us%40er:p%3Aa%2Fss%25@ch:9000/my%20db?skip_verify=true'),
  ).toEqual({
    origin: 'http://ch:8123',
    username: 'us@er',
    password: 'p:a/ss%',
    database: 'my db',
    skipVerify: true,
  });
});

test('what is not said has the defaults of ClickHouse', () => {
  expect(parseClickHouseAddress('http://ch')).toMatchObject({
    username: 'default',
    password: '',
    database: 'default',
    skipVerify: false,
  });
});

test('a password with a bare percent sign is taken as it stands', () => {
  expect(parseClickHouseAddress('http://u:100%sure@ch').password).toBe('100%sure');
});

test.each(['clickhouse://user:secret-word@ho st', 'mysql://user:secret-word@ch', 'secret-word', 'http://'])(
  'refuses %s without repeating it',
  (url) => {
    expect(() => parseClickHouseAddress(url)).toThrow('not of the form');
    expect(() => parseClickHouseAddress(url)).not.toThrow('secret-word');
  },
);
