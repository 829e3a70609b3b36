// Changing one member of a TOML text by its lines.
import fc from 'fast-check';
import { parse, stringify } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { UneditableFileError, withMember } from '../../../src/commands/api/client/client-file-edit.ts';

const TOP = ['root_key'];
const CI = ['profiles', 'ci', 'root_key'];

describe('withMember', () => {
  it.each([
    ['', TOP, 'root_key = "k"\n'],
    ['a = 1', TOP, 'a = 1\nroot_key = "k"\n'],
    ['# about the file\n\na.b = 1\n', TOP, '# about the file\n\na.b = 1\nroot_key = "k"\n'],
    ['# about the file\n\n[t]\n', TOP, '# about the file\nroot_key = "k"\n\n[t]\n'],
    ['# about t\n[t]\n', TOP, 'root_key = "k"\n# about t\n[t]\n'],
    ['  "root_key"="x#y" # z\n', TOP, '  "root_key"= "k" # z\n'],
    ["root_key = 'x' \n", TOP, 'root_key = "k"\n'],
    ['a = 1\r\n', TOP, 'a = 1\r\nroot_key = "k"\r\n'],
    ['', CI, '[profiles.ci]\nroot_key = "k"\n'],
    ['[profiles.ci]\n[z]\n', CI, '[profiles.ci]\nroot_key = "k"\n[z]\n'],
    [
      '[profiles."ci"]\napi_url = "u"\n\n[z]\n',
      CI,
      '[profiles."ci"]\napi_url = "u"\nroot_key = "k"\n\n[z]\n',
    ],
    ['profiles.ci.root_key = "old"\n', CI, 'profiles.ci.root_key = "k"\n'],
    ['[profiles]\nci.root_key = "old"\n', CI, '[profiles]\nci.root_key = "k"\n'],
  ])('sets a member of %j', (text, path, expected) => {
    expect(withMember(text, path, 'k')).toBe(expected);
  });

  it.each([
    ['root_key = "x"\n', TOP, ''],
    ['a = 1\nroot_key = "x" # z\nb = 2\n', TOP, 'a = 1\nb = 2\n'],
    ['[profiles.ci]\nroot_key = "x"\n', CI, '[profiles.ci]\n'],
    ['a = 1\n', TOP, 'a = 1\n'],
  ])('takes a member out of %j', (text, path, expected) => {
    expect(withMember(text, path, undefined)).toBe(expected);
  });

  it.each([
    ['profiles = { ci = { root_key = "x" } }\n', CI],
    ['root_key = """\nx"""\n', TOP],
    ['[[profiles]]\nname = "ci"\n', CI],
  ])('gives up on %j', (text, path) => {
    expect(() => withMember(text, path, 'k')).toThrow(UneditableFileError);
  });

  it('changes nothing but the member, whatever else the file holds', () => {
    const name = fc.stringMatching(/^[a-z]{1,5}$/);
    const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.array(fc.integer(), { maxLength: 3 }));
    const table = fc.dictionary(name, leaf, { maxKeys: 3 });
    fc.assert(
      fc.property(table, fc.dictionary(name, table, { maxKeys: 3 }), (top, tables) => {
        const settings = { ...top, ...tables };
        const text = stringify(settings);
        const edited = withMember(text, TOP, 'k');
        expect(parse(edited)).toEqual({ ...parse(text), root_key: 'k' });
        expect(parse(withMember(edited, TOP, undefined))).toEqual(parse(text));
      }),
    );
  });
});
