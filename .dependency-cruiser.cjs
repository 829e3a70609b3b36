// The layer rule of the house: arrows point one way only,
//   commands → server → services → storage → lib
// config is read by commands alone; the Vault and control-plane roles are started by commands, and rpc is what both have of
// a server. The control plane writes what services read, by the same rules. proto is generated code, for either end of a
// call.
const rooms = [
  'commands',
  'config',
  'server',
  'services',
  'storage',
  'vault',
  'control',
  'rpc',
  'proto',
  'lib',
];
const mayImport = {
  commands: rooms,
  config: ['config', 'lib'],
  server: ['server', 'services', 'lib'],
  services: ['services', 'storage', 'proto', 'lib'],
  storage: ['storage', 'lib'],
  vault: ['vault', 'storage', 'rpc', 'proto', 'lib'],
  control: ['control', 'services', 'storage', 'rpc', 'proto', 'lib'],
  rpc: ['rpc', 'lib'],
  proto: ['proto'],
  lib: ['lib'],
};

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...Object.entries(mayImport).map(([room, allowed]) => ({
      name: `${room}-knows-only-the-rooms-below`,
      comment: `src/${room} may import only from: ${allowed.map((r) => `src/${r}`).join(', ')}`,
      severity: 'error',
      from: { path: `^src/${room}/` },
      to: { path: '^src/', pathNot: `^src/(${allowed.join('|')})/` },
    })),
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'product-does-not-import-tests',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|bench)/' },
    },
    {
      name: 'hapi-stays-in-the-server',
      comment: 'Operations know no transport: only src/server mounts them on hapi',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/server/' },
      to: { path: 'node_modules/@hapi/hapi' },
    },
    {
      name: 'sql-drivers-stay-in-storage',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/storage/sql/' },
      to: { path: 'node_modules/(sequelize|mysql2|@appthreat/sqlite3)' },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'declared-dependency',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default'],
    },
  },
};
