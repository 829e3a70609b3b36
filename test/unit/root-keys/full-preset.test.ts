import { describe, expect, it } from 'vitest';
import { operations } from '../../../src/server/routes/registry.ts';
import { checkPermission, PERMISSION_PRESETS } from '../../../src/services/rbac/catalogue.ts';

const asked = operations.flatMap(({ name, permissions }) =>
  permissions.map((permission) => [permission, name]),
);

describe('the preset full', () => {
  const full = new Set<string>(PERMISSION_PRESETS.full);

  it('is asked for something', () => {
    expect(asked.length).toBeGreaterThan(0);
  });

  it.each(asked)('holds %s, which %s may ask for', (permission) => {
    expect(full).toContain(permission);
  });

  it.each(Object.entries(PERMISSION_PRESETS))(
    '%s holds known permissions only, each once',
    (_, permissions) => {
      for (const permission of permissions) expect(checkPermission(permission)).toEqual({ ok: true });
      expect(new Set(permissions).size).toBe(permissions.length);
    },
  );
});
