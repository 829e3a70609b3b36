// Archives of a few small files, in the ustar format of POSIX.1-1988.

export interface TarEntry {
  /** A relative path of at most 100 ASCII characters. */
  readonly name: string;
  readonly content: string;
}

const BLOCK = 512;
const CHECKSUM_AT = 148;
const CHECKSUM_WIDTH = 8;

/**
 * The archive as bytes; its files are readable by their owner alone.
 *
 * @param modifiedAt unix milliseconds, of every file
 * @throws RangeError for a name that does not fit
 */
export function tarArchive(entries: readonly TarEntry[], modifiedAt: number): Buffer {
  const parts = entries.flatMap(({ name, content }) => {
    const bytes = Buffer.from(content);
    return [
      header(name, bytes.length, modifiedAt),
      bytes,
      Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK),
    ];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

function header(name: string, size: number, modifiedAt: number): Buffer {
  if (!/^[\x21-\x7e]{1,100}$/.test(name)) throw new RangeError(`no name for an archive: ${name}`);
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, width: number): void => {
    block.write(value.toString(8).padStart(width - 1, '0'), at, 'ascii');
  };
  block.write(name, 0, 'ascii');
  octal(0o600, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(Math.floor(modifiedAt / 1000), 136, 12);
  // The checksum counts its own field as spaces.
  block.fill(' ', CHECKSUM_AT, CHECKSUM_AT + CHECKSUM_WIDTH);
  block.write('0', 156, 'ascii');
  block.write('ustar\x0000', 257, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, CHECKSUM_AT, 'latin1');
  return block;
}
