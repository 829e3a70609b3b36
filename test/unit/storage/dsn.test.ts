import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DsnError, parseDsn } from '../../../src/storage/sql/dsn.ts';

const SECRET = 'sesame-0pen';

describe('parseDsn', () => {
  test('reads a Go-style address with all its parts', () => {
    expect(
      parseDsn('unkey:pw@tcp(db.internal:3307)/unkey?parseTime=true&tls=skip-verify&timeout=1m500ms'),
    ).toEqual({
      address: {
        dialect: 'mysql',
        user: 'unkey',
        password: 'pw',
        host: 'db.internal',
        port: 3307,
        socketPath: undefined,
        database: 'unkey',
        tls: 'skip-verify',
        connectTimeoutMs: 60_500,
        multiStatements: true,
      },
      warnings: [],
    });
  });

  test.each([
    ['multiStatements=false', false],
    ['multiStatements=0', false],
    ['multiStatements=TRUE', true],
  ])('%s says whether statements may travel together', (parameter, multiStatements) => {
    expect(parseDsn(`u:p@tcp(h)/db?${parameter}`)).toMatchObject({
      address: { multiStatements },
      warnings: [],
    });
    expect(() => parseDsn('u:p@tcp(h)/db?multiStatements=maybe')).toThrow(DsnError);
  });

  test('takes the password raw: last slash, last @ before it, first colon', () => {
    const { address } = parseDsn('us:p:a@s/s%20w?o@r&d@tcp(h)/db');
    expect(address).toMatchObject({ user: 'us', password: 'p:a@s/s%20w?o@r&d', host: 'h', database: 'db' });
  });

  test.each(['//', '//secret', '//a@b:c'])('does not take the password %j for a scheme', (password) => {
    expect(parseDsn(`u:${password}@tcp(h:1)/db`).address).toMatchObject({ user: 'u', password, host: 'h' });
  });

  test('any password without a slash after it survives the raw form', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (password) => {
        expect(parseDsn(`u:${password}@tcp(h:1)/db`).address).toMatchObject({
          user: 'u',
          password,
          host: 'h',
        });
      }),
    );
  });

  test('any password survives the URL form, percent-encoded', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (password) => {
        expect(parseDsn(`mysql://u:${encodeURIComponent(password)}@h:1/db`).address).toMatchObject({
          user: 'u',
          password,
        });
      }),
    );
  });

  test.each([
    [
      'root@unix(/run/my.sock)/db',
      { socketPath: '/run/my.sock', user: 'root', password: '', database: 'db' },
    ],
    ['root@/db', { host: '127.0.0.1', port: 3306 }],
    ['root@tcp/db', { host: '127.0.0.1', port: 3306 }],
    ['/db', { user: '', host: '127.0.0.1' }],
    ['root@tcp([::1]:3307)/db', { host: '::1', port: 3307 }],
    ['mysql://root@[::1]/db', { host: '::1', port: 3306 }],
    ['mysql://h/db?tls=true', { tls: 'verify', host: 'h' }],
    ['root@tcp(h)/db?tls=preferred', { tls: 'preferred' }],
    ['root@tcp(h)/db?tls=false&timeout=0', { tls: 'off', connectTimeoutMs: undefined }],
  ])('reads %s', (text, expected) => {
    expect(parseDsn(text).address).toMatchObject(expected);
  });

  test.each([
    ['sqlite:data/unkey.db', 'data/unkey.db'],
    ['sqlite:/var/lib/unkey.db', '/var/lib/unkey.db'],
    ['sqlite::memory:', ':memory:'],
  ])('reads %s', (text, path) => {
    expect(parseDsn(text)).toEqual({ address: { dialect: 'sqlite', path }, warnings: [] });
  });

  test('warns about parameters that it does not know, without their values', () => {
    const { warnings } = parseDsn(`u@tcp(h)/db?parseTime=true&interpolateParams=true&collation=${SECRET}`);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('collation');
    expect(warnings[0]).not.toContain(SECRET);
  });

  test.each([
    '',
    `u:${SECRET}`,
    `u:${SECRET}@tcp(h:3306)`,
    `u:${SECRET}@tcp(h:3306)/`,
    `u:${SECRET}@tcp(h:port)/db`,
    `u:${SECRET}@tcp(h:99999)/db`,
    `u:${SECRET}@udp(h)/db`,
    `u:${SECRET}@tcp(h)/db?tls=custom`,
    `u:${SECRET}@tcp(h)/db?timeout=5`,
    `mysql://u:${SECRET}@h`,
    `mysql://u:${SECRET}%zz@h/db`,
    `mysql://u:${SECRET}@h:port/db`,
    `postgres://u:${SECRET}@h/db`,
    'sqlite:',
  ])('refuses %j and quotes nothing of it', (text) => {
    const refused = () => parseDsn(text);
    expect(refused).toThrow(DsnError);
    expect(refused).not.toThrow(SECRET);
  });
});
