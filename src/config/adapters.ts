// Which adapter a connection string picks, by its scheme (CFG-11).

export function databaseAdapter(url: string): 'sqlite' | 'mysql' {
  return url.startsWith('sqlite:') ? 'sqlite' : 'mysql';
}

/** Whether a URL names the service that runs inside this process. */
export function isEmbedded(url: string | undefined): boolean {
  return url?.startsWith('embedded:') ?? false;
}

export function vaultAdapter(url: string | undefined): 'none' | 'embedded' | 'remote' {
  if (url === undefined) return 'none';
  return isEmbedded(url) ? 'embedded' : 'remote';
}

/** The settings whose data only one process may use, of those given. */
export function embeddedSettings(given: ReadonlyMap<string, { readonly value: unknown }>): string[] {
  const schemes: Readonly<Record<string, string>> = {
    'database.primary': 'sqlite:',
    redis_url: 'memory:',
    'clickhouse.url': 'chdb:',
    'vault.url': 'embedded:',
  };
  return Object.entries(schemes).flatMap(([path, scheme]) => {
    const value = given.get(path)?.value;
    return typeof value === 'string' && value.startsWith(scheme) ? [`${path} = "${scheme}"`] : [];
  });
}
