import { describe, expect, it } from 'vitest';
import { type LoadOptions, loadServerConfig } from '../../../src/config/load.ts';
import { ConfigError } from '../../../src/config/problems.ts';

const MINIMAL = `
redis_url = "redis://redis:6379"
[database]
primary = "app:pw@tcp(db:3306)/keys?parseTime=true"
[[auth]]
type = "root_key"
`;

type Files = Readonly<Record<string, string>>;

function load(options: Partial<LoadOptions> & { files?: Files } = {}) {
  const { files = { '/srv/unkey.toml': MINIMAL }, ...rest } = options;
  return loadServerConfig({
    profile: 'serve',
    env: {},
    cwd: '/srv',
    readFile: (path) => {
      const text = files[path];
      if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
      return text;
    },
    ...rest,
  });
}

/** The lines of the error that loading ends with. */
function problems(options: Parameters<typeof load>[0]): string[] {
  try {
    load(options);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
  return [];
}

const file = (text: string): Files => ({ '/srv/unkey.toml': text });

describe('where the file comes from', () => {
  it('prefers the argument, then UNKEY_CONFIG, then ./unkey.toml, then /etc/unkey/unkey.toml', () => {
    const named = (port: number) => `http_port = ${port}\n${MINIMAL}`;
    const files = {
      '/srv/a.toml': named(1),
      '/srv/b.toml': named(2),
      '/srv/unkey.toml': named(3),
      '/etc/unkey/unkey.toml': named(4),
    };
    const env = { UNKEY_CONFIG: 'b.toml' };
    expect(load({ files, env, configArgument: 'a.toml' }).config.httpPort).toBe(1);
    expect(load({ files, env }).config.httpPort).toBe(2);
    expect(load({ files }).config.httpPort).toBe(3);
    expect(load({ files: { '/etc/unkey/unkey.toml': named(4) } }).config.httpPort).toBe(4);
  });

  it('reads an argument with = or a newline as TOML itself', () => {
    const { config, origins } = load({ configArgument: `http_port = 9000${MINIMAL}` });
    expect(config.httpPort).toBe(9000);
    expect(origins.get('http_port')).toBe('--config:1');
  });

  it('does without a file', () => {
    const env = {
      UNKEY_REDIS_URL: 'memory:',
      UNKEY_DATABASE_PRIMARY: 'sqlite:/data/unkey.db',
      UNKEY_AUTH: '[{"type":"root_key"}]',
    };
    expect(load({ files: {}, env }).config.auth).toEqual([{ type: 'root_key' }]);
  });

  it('refuses a named file that is missing', () => {
    expect(problems({ configArgument: 'gone.toml' })).toEqual([
      'gone.toml: cannot be read: file not found (--config)',
    ]);
  });

  it('names file and line of a text that is no TOML, and shows none of it', () => {
    const [line] = problems({ files: file('redis_url = "s3cret\nfoo') });
    expect(line).toMatch(/^unkey\.toml: is no valid TOML: .* \(unkey\.toml:1\)$/);
    expect(line).not.toContain('s3cret');
  });
});

describe('precedence', () => {
  it('is flag, environment, file, default, each with its origin', () => {
    const files = file(`http_port = 1\n${MINIMAL}`);
    const env = { UNKEY_HTTP_PORT: '2' };
    const flags = { http_port: { flag: '--http-port', value: '3' } };
    const port = (options: Parameters<typeof load>[0]) => {
      const { config, origins } = load(options);
      return [config.httpPort, origins.get('http_port')];
    };
    expect(port({ files, env, flags })).toEqual([3, 'flag']);
    expect(port({ files, env })).toEqual([2, 'env UNKEY_HTTP_PORT']);
    expect(port({ files })).toEqual([1, 'unkey.toml:1']);
    expect(port({})).toEqual([7070, 'default']);
  });

  it('replaces a list, never adds to it', () => {
    const files = file(`${MINIMAL}\n[server]\ntrusted_proxies = ["10.0.0.0/8", "192.168.1.1"]`);
    expect(load({ files }).config.server.trustedProxies).toEqual(['10.0.0.0/8', '192.168.1.1']);
    const env = { UNKEY_SERVER_TRUSTED_PROXIES: '172.16.0.0/12' };
    expect(load({ files, env }).config.server.trustedProxies).toEqual(['172.16.0.0/12']);
  });

  it('takes an empty variable as not set', () => {
    expect(load({ env: { UNKEY_HTTP_PORT: '' } }).config.httpPort).toBe(7070);
  });

  it('knows the older names of the environment', () => {
    const { config } = load({
      env: {
        UNKEY_CTRL_URL: 'http://ctrl:7091',
        UNKEY_CTRL_TOKEN: 'tok',
        UNKEY_DATABASE_REPLICA: 'app:pw@tcp(ro:3306)/keys',
        UNKEY_LOG_LEVEL: 'warning',
      },
    });
    expect(config.control).toEqual({ url: 'http://ctrl:7091', token: 'tok' });
    expect(config.database.readonlyReplica).toBe('app:pw@tcp(ro:3306)/keys');
    expect(config.observability.logging.level).toBe('warn');
  });

  it('refuses two names of one setting with different values, and takes equal ones', () => {
    const pair = { UNKEY_CONTROL_TOKEN: 'tok', UNKEY_CONTROL_URL: 'http://a' };
    expect(problems({ env: { ...pair, UNKEY_CTRL_URL: 'http://b' } })).toEqual([
      'control.url: UNKEY_CONTROL_URL and UNKEY_CTRL_URL name the same setting and differ (env UNKEY_CONTROL_URL, env UNKEY_CTRL_URL)',
    ]);
    expect(problems({ env: { ...pair, UNKEY_CTRL_URL: 'http://a' } })).toEqual([]);
  });
});

describe('secrets from files', () => {
  it('removes one trailing newline', () => {
    const files = { ...file(MINIMAL), '/run/redis': 'redis://:pw@redis:6379\n' };
    const { config, origins } = load({ files, env: { UNKEY_REDIS_URL_FILE: '/run/redis' } });
    expect(config.redisUrl).toBe('redis://:pw@redis:6379');
    expect(origins.get('redis_url')).toBe('env UNKEY_REDIS_URL_FILE');
  });

  it('refuses a variable together with its file, naming both', () => {
    const [line] = problems({ env: { UNKEY_REDIS_URL: 'a', UNKEY_REDIS_URL_FILE: '/f' } });
    expect(line).toContain('UNKEY_REDIS_URL and UNKEY_REDIS_URL_FILE');
  });

  it('names variable and path of a file that cannot be read', () => {
    expect(problems({ env: { UNKEY_VAULT_TOKEN_FILE: '/run/none' } })).toEqual([
      'vault.token: cannot read /run/none: file not found (env UNKEY_VAULT_TOKEN_FILE)',
    ]);
  });

  it('does not mistake the file settings of TLS for secrets in files', () => {
    const env = { UNKEY_TLS_CERT_FILE: '/tls.crt', UNKEY_TLS_KEY_FILE: '/tls.key' };
    expect(load({ env }).config.tls).toEqual({ certFile: '/tls.crt', keyFile: '/tls.key' });
  });
});

describe('variables in the file', () => {
  const braced = (name: string) => `$\{${name}}`;
  const withDatabase = (value: string) => file(MINIMAL.replace(/app:pw@[^"]*/, () => value));

  it('expands braced variables with their defaults, and bare ones only when they are set', () => {
    const files = withDatabase(`$USER:${braced('PASS')}@tcp(${braced('HOST:-localhost')})/$5`);
    const primary = (env: Record<string, string>) => load({ files, env }).config.database.primary;
    expect(primary({ USER: 'u', PASS: 'p"\\n#' })).toBe('u:p"\\n#@tcp(localhost)/$5');
    expect(primary({ PASS: 'p' })).toBe('$USER:p@tcp(localhost)/$5');
  });

  it('takes $$ as one dollar sign', () => {
    const files = file(MINIMAL.replace('app:pw@', () => 'app:pa$$x@'));
    expect(load({ files, env: { x: 'no' } }).config.database.primary).toContain('app:pa$x@');
  });

  it('takes an unset variable as empty with a warning that names variable and key', () => {
    const files = file(`${MINIMAL}\n[vault]\nurl = "http://vault:8060"\ntoken = "\${VAULT_TOKEN}"`);
    const { warnings } = load({ files });
    expect(warnings[0]).toBe(
      'vault.token: the variable VAULT_TOKEN is not set; it was taken as empty (unkey.toml:10)',
    );
    expect(problems({ files, strict: true })).toHaveLength(1);
  });

  it('lets an expanded text stand for a number or a boolean, quoted or bare', () => {
    const env = { PORT: '8080', JOBS: 'false' };
    const files = file(`http_port = \${PORT}\n${MINIMAL}\n[jobs]\nenabled = "$JOBS"`);
    const { config, origins } = load({ files, env });
    expect([config.httpPort, config.jobs.enabled]).toEqual([8080, false]);
    expect(origins.get('http_port')).toBe('unkey.toml:1');
  });

  it('refuses a quoted number that nothing was expanded in', () => {
    expect(problems({ files: file(`http_port = "8080"\n${MINIMAL}`) })).toEqual([
      'http_port: must be an integer from 1 to 65535, got "8080" (unkey.toml:1)',
    ]);
  });
});

describe('zero and absence', () => {
  const observability = (text: string) => load({ files: file(`${MINIMAL}\n${text}`) }).config.observability;

  it('keeps a zero', () => {
    expect(observability('[observability.tracing]\nsample_rate = 0').tracing).toEqual({ sampleRate: 0 });
    expect(observability('[observability.metrics]\nprometheus_port = 0').metrics).toEqual({
      prometheusPort: 0,
    });
    expect(
      load({ env: { UNKEY_OBSERVABILITY_TRACING_SAMPLE_RATE: '0' } }).config.observability.tracing,
    ).toEqual({
      sampleRate: 0,
    });
  });

  it('switches on an empty section with its defaults, and leaves an absent one off', () => {
    expect(observability('[observability.tracing]').tracing).toEqual({ sampleRate: 0.25 });
    expect(observability('[observability.logging]').logging).toMatchObject({
      sampleRate: 1,
      slowThresholdMs: 1000,
    });
    const absent = observability('');
    expect([absent.tracing, absent.metrics, absent.logging.sampleRate]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('does not switch on the log of all requests by a log level from the environment', () => {
    const { logging } = load({ env: { UNKEY_LOG_LEVEL: 'debug' } }).config.observability;
    expect([logging.level, logging.sampleRate]).toEqual(['debug', undefined]);
  });

  it('takes the body size 0 as the default and a negative one as no limit', () => {
    const size = (bytes: number) =>
      load({ env: { UNKEY_MAX_REQUEST_BODY_SIZE: String(bytes) } }).config.maxRequestBodySize;
    expect([size(0), size(-1), size(1)]).toEqual([10_485_760, Number.POSITIVE_INFINITY, 1]);
  });

  it('tells absent proxies, which trust everybody, from an empty list, which trusts nobody', () => {
    expect(load().config.server.trustedProxies).toBeUndefined();
    const files = file(`${MINIMAL}\n[server]\ntrusted_proxies = []`);
    expect(load({ files }).config.server.trustedProxies).toEqual([]);
  });
});

describe('unknown keys', () => {
  it('are warned about with the nearest known key', () => {
    const { warnings } = load({ files: file(`redis_ulr = "x"\n${MINIMAL}\n[serevr]\nhost = "::"`) });
    expect(warnings).toEqual([
      'redis_ulr: unknown key; did you mean redis_url? (unkey.toml:1)',
      'serevr: unknown key; did you mean server? (unkey.toml:9)',
    ]);
  });

  it('are errors under strict, beside everything else that is wrong', () => {
    const files = file(
      'redis_ulr = "redis://x"\n[database]\nprimary = "sqlite:/d"\n[[auth]]\ntype = "root_key"',
    );
    expect(problems({ files, strict: true })).toEqual([
      'redis_url: is required; set it in the file or through UNKEY_REDIS_URL',
      'redis_ulr: unknown key; did you mean redis_url? (unkey.toml:1)',
    ]);
  });
});

describe('rules', () => {
  const withText = (text: string) => problems({ files: file(`${MINIMAL}\n${text}`) });

  it.each([
    [
      '[control]\nurl = "http://ctrl:7091"',
      'control.token: is required, because control.url is set (unkey.toml:9)',
    ],
    ['[restate]\napi_key = "k"', 'restate.url: is required, because restate.api_key is set (unkey.toml:9)'],
    ['[tls]\ncert_file = "/c"', 'tls.key_file: is required, because tls.cert_file is set (unkey.toml:9)'],
    [
      '[observability.logging]\nslow_threshold = 5',
      'observability.logging.slow_threshold: must be a duration such as 500ms, 30s or 1h30m, got 5 (unkey.toml:9)',
    ],
    [
      '[server]\ndrain_delay = "5"',
      'server.drain_delay: must be a duration such as 500ms, 30s or 1h30m, got "5" (unkey.toml:9)',
    ],
    [
      '[observability.tracing]\nsample_rate = 1.5',
      'observability.tracing.sample_rate: must be from 0 to 1, got 1.5 (unkey.toml:9)',
    ],
    [
      '[server]\ntrusted_proxies = ["10.0.0.0/8", "nonsense"]',
      'server.trusted_proxies[1]: must be an IP address or a CIDR range, got "nonsense" (unkey.toml:9)',
    ],
    ['[gossip]\nlan_port = 7946', 'gossip.secret_key: is required with the section [gossip]'],
    ['tls = 5', 'auth[0].tls: unknown field, got *** (unkey.toml:8)'],
  ])('refuses %j', (text, problem) => {
    expect(withText(text)).toEqual([problem]);
  });

  it.each([
    'http://restate:8080/',
    'http://restate:8080/x',
    'http://restate:8080?',
    'http://restate:8080#',
    'restate:8080',
  ])('refuses the workflow ingress %s', (url) => {
    const lines = withText(`[restate]\nurl = "${url}"\napi_key = "k"`);
    expect(lines).toEqual([
      'restate.url: must be an absolute http or https URL without path, query or fragment, or embedded:, got *** (unkey.toml:9)',
    ]);
  });

  it('refuses an api_key with white space around it', () => {
    expect(withText('[restate]\nurl = "http://restate:8080"\napi_key = " k"')).toEqual([
      'restate.api_key: must not begin or end with white space, got *** (unkey.toml:10)',
    ]);
  });

  it.each([0, 65_536, -1])('refuses the port %i', (port) => {
    expect(problems({ env: { UNKEY_HTTP_PORT: String(port) } })).toEqual([
      `http_port: must be an integer from 1 to 65535, got ${port} (env UNKEY_HTTP_PORT)`,
    ]);
  });

  it('refuses a log level that does not exist', () => {
    const [line] = problems({ env: { UNKEY_LOG_LEVEL: 'loud' } });
    expect(line).toMatch(
      /^observability\.logging\.level: must be one of .*, got "loud" \(env UNKEY_LOG_LEVEL\)$/,
    );
  });

  it('refuses a replica with SQLite', () => {
    const env = { UNKEY_DATABASE_PRIMARY: 'sqlite:/d', UNKEY_DATABASE_REPLICA: 'u:p@tcp(db)/x' };
    expect(problems({ env })).toEqual([
      'database.readonly_replica: cannot be used with SQLite, got *** (env UNKEY_DATABASE_REPLICA)',
    ]);
  });

  it.each([
    'redis://:100%zz@redis:6379',
    'redis://:p/w@redis:6379',
    'redis://redis:66666',
    'redis://:%ff@redis/?cluster=true',
  ])('refuses the Redis URL %s, which no client could read', (url) => {
    const env = {
      UNKEY_REDIS_URL: url,
      UNKEY_DATABASE_PRIMARY: 'sqlite:/d',
      UNKEY_AUTH: '[{"type":"root_key"}]',
    };
    expect(problems({ env })).toEqual([
      'redis_url: must be a URL with its user and password percent-encoded, got *** (env UNKEY_REDIS_URL)',
    ]);
  });

  it('reports everything at once', () => {
    expect(problems({ files: file('http_port = 0\nredis_url = "http://x"') })).toEqual([
      'http_port: must be an integer from 1 to 65535, got 0 (unkey.toml:1)',
      'redis_url: must be redis://…, rediss://… or memory:, got *** (unkey.toml:2)',
      'database.primary: is required; set it in the file or through UNKEY_DATABASE_PRIMARY',
      'auth: is required; add at least one [[auth]] entry',
    ]);
  });
});

describe('[[auth]]', () => {
  const withAuth = (text: string) =>
    problems({ files: file(`redis_url = "memory:"\ndatabase.primary = "sqlite:/d"\n${text}`) });
  const secret = '0123456789abcdef0123456789abcdef';

  it('keeps the order and the fields of the entries', () => {
    const files = file(`${MINIMAL}
[[auth]]
type = "jwt"
issuer = "console.example"
secrets = ["${secret}"]
[[auth]]
type = "jwt"
issuer = "i"
audience = "a"
jwks_url = "https://id.example/keys"
provider = "workos"`);
    expect(load({ files }).config.auth).toEqual([
      { type: 'root_key' },
      {
        type: 'jwt',
        issuer: 'console.example',
        audience: undefined,
        secrets: [secret],
        jwksUrl: undefined,
        provider: undefined,
      },
      {
        type: 'jwt',
        issuer: 'i',
        audience: 'a',
        secrets: undefined,
        jwksUrl: 'https://id.example/keys',
        provider: 'workos',
      },
    ]);
  });

  it.each([
    [
      '[[auth]]\ntype = "rootkey"',
      'auth[0].type: must be one of jwt, portal_session, root_key; did you mean root_key?, got "rootkey" (unkey.toml:4)',
    ],
    [
      '[[auth]]\nissuer = "x"',
      'auth[0].type: is required; must be one of jwt, portal_session, root_key (unkey.toml:3)',
    ],
    [
      '[[auth]]\ntype = "root_key"\nenabled = false',
      'auth[0].enabled: must be true; remove the entry to switch root keys off, got false (unkey.toml:5)',
    ],
    [
      '[[auth]]\ntype = "portal_session"\nissuer = "x"',
      'auth[0].issuer: unknown field, got *** (unkey.toml:5)',
    ],
    [
      `[[auth]]\ntype = "jwt"\nissuer = " "\nsecrets = ["${secret}"]`,
      'auth[0].issuer: must not be blank, got " " (unkey.toml:5)',
    ],
    [
      `[[auth]]\ntype = "jwt"\nissuer = "i"\nsecrets = ["${secret.slice(1)}"]`,
      'auth[0].secrets[0]: must be at least 32 bytes long, got *** (unkey.toml:6)',
    ],
    ['[[auth]]\ntype = "jwt"\nissuer = "i"', 'auth[0]: needs one of secrets and jwks_url (unkey.toml:3)'],
    [
      `[[auth]]\ntype = "jwt"\nissuer = "i"\njwks_url = "https://k"\nsecrets = ["${secret}"]`,
      'auth[0]: takes secrets or jwks_url, not both (unkey.toml:3)',
    ],
    [
      '[[auth]]\ntype = "jwt"\nissuer = "i"\njwks_url = "http://k"',
      'auth[0].jwks_url: must be an absolute https URL, got "http://k" (unkey.toml:6)',
    ],
    [
      `[[auth]]\ntype = "jwt"\nissuer = "i"\nsecrets = ["${secret}"]\nprovider = "workos"`,
      'auth[0].provider: workos needs jwks_url, got "workos" (unkey.toml:7)',
    ],
  ])('refuses %j', (text, problem) => {
    expect(withAuth(text)).toEqual([problem]);
  });

  it('counts the bytes of a secret, not its characters', () => {
    expect(withAuth(`[[auth]]\ntype = "jwt"\nissuer = "i"\nsecrets = ["${'é'.repeat(16)}"]`)).toEqual([]);
  });
});

describe('profiles', () => {
  it('fills what is absent for unkey dev with what runs inside its process', () => {
    const { config } = load({ profile: 'dev', files: {} });
    expect(config).toMatchObject({
      redisUrl: 'memory:',
      database: { primary: 'sqlite::memory:' },
      server: { host: '127.0.0.1' },
      auth: [{ type: 'root_key' }, { type: 'portal_session' }],
    });
  });

  it('keeps for unkey dev what is configured', () => {
    const { config } = load({ profile: 'dev', env: { UNKEY_SERVER_HOST: '0.0.0.0' } });
    expect([config.redisUrl, config.server.host]).toEqual(['redis://redis:6379', '0.0.0.0']);
  });

  it('asks for a tool only what the tool names', () => {
    expect(problems({ profile: 'tool', files: {} })).toEqual([]);
    expect(problems({ profile: 'tool', files: {}, require: ['database.primary'] })).toHaveLength(1);
  });

  it.each([
    ['UNKEY_VAULT_TOKEN', 'dev-only-abc', 'vault.token'],
    ['UNKEY_REDIS_URL', 'redis://:dev-only-abc@redis', 'redis_url'],
  ])('refuses to serve with the development secret in %s', (name, value, path) => {
    expect(problems({ env: { [name]: value } })).toEqual([
      `${path}: is a secret made for 'unkey dev'; set one of your own, got *** (env ${name})`,
    ]);
    expect(problems({ profile: 'dev', env: { [name]: value } })).toEqual([]);
  });

  it('warns a server whose data only one process may use', () => {
    const { warnings } = load({ env: { UNKEY_DATABASE_PRIMARY: 'sqlite:/d', UNKEY_REDIS_URL: 'memory:' } });
    expect(warnings).toEqual([
      'only one process may use the data of database.primary = "sqlite:", redis_url = "memory:"',
    ]);
  });
});

describe('a file of the reference', () => {
  it('loads unchanged', () => {
    const text = `
redis_url = "\${REDIS}"
[database]
primary = "app:pw@tcp(db:3306)/keys?parseTime=true"
readonly_replica = ""
[control]
url = "http://ctrl:7091"
token = "t"
[restate]
url = "http://restate:8080"
api_key = "k"
[pprof]
port = 0
[[auth]]
type = "jwt"
issuer = "console.example"
secrets = ["0123456789abcdef0123456789abcdef"]
[[auth]]
type = "portal_session"
[[auth]]
type = "root_key"
`;
    const { config, warnings } = load({ configArgument: text, env: { REDIS: 'redis://r:6379' } });
    expect(warnings).toEqual([]);
    expect(config).toMatchObject({
      redisUrl: 'redis://r:6379',
      database: { readonlyReplica: undefined },
      restate: { url: 'http://restate:8080', apiKey: 'k' },
    });
    expect(config.auth.map(({ type }) => type)).toEqual(['jwt', 'portal_session', 'root_key']);
  });

  it('gives every process an instance id of its own when the file has none', () => {
    expect(load().config.instanceId).toMatch(/^ins_[a-zA-Z0-9]+$/);
    expect(load({ generateInstanceId: () => 'ins_x' }).config.instanceId).toBe('ins_x');
  });
});
