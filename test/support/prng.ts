// Random numbers that a seed makes again: the key stream of ChaCha20. A seed is 32 bytes and prints as base64.
import { type Cipheriv, createCipheriv, createHash, randomBytes } from 'node:crypto';

const SEED_BYTES = 32;
const BLOCK = Buffer.alloc(4096);

export type Seed = Buffer;

/** A seed that nobody has seen yet. */
export const randomSeed = (): Seed => randomBytes(SEED_BYTES);

/** The same seed for the same integer, for runs that must not differ from day to day. */
export const seedOf = (integer: number): Seed => createHash('sha256').update(String(integer)).digest();

/** @throws RangeError when the text is not the base64 of 32 bytes. */
export function parseSeed(text: string): Seed {
  const seed = Buffer.from(text, 'base64');
  if (seed.length !== SEED_BYTES) throw new RangeError(`a seed has ${SEED_BYTES} bytes, not ${seed.length}`);
  return seed;
}

export class Random {
  readonly #cipher: Cipheriv;
  #block = Buffer.alloc(0);
  #offset = 0;

  constructor(seed: Seed) {
    this.#cipher = createCipheriv('chacha20', seed, Buffer.alloc(16));
  }

  /** At least 0, below 1, with 48 random bits. */
  fraction(): number {
    if (this.#offset + 6 > this.#block.length) {
      this.#block = this.#cipher.update(BLOCK);
      this.#offset = 0;
    }
    const bits = this.#block.readUIntBE(this.#offset, 6);
    this.#offset += 6;
    return bits / 2 ** 48;
  }

  /** An integer from `min` to `max`, both included. */
  integer(min: number, max: number): number {
    return min + Math.floor(this.fraction() * (max - min + 1));
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.integer(0, items.length - 1)];
    if (item === undefined) throw new RangeError('nothing to pick from');
    return item;
  }
}
