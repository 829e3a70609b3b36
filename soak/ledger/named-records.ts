// Identities and roles that the load made: each either is there, is gone, or is in doubt.

import type { Random } from '../../test/support/prng.ts';

export type Presence = 'present' | 'absent' | 'unsure';

export class NamedRecords {
  readonly #presence = new Map<string, Presence>();

  set(name: string, presence: Presence): void {
    this.#presence.set(name, presence);
  }

  get(name: string): Presence | undefined {
    return this.#presence.get(name);
  }

  get size(): number {
    return this.#presence.size;
  }

  /** The names about which there is no doubt. */
  sure(): { readonly name: string; readonly isPresent: boolean }[] {
    return [...this.#presence].flatMap(([name, presence]) =>
      presence === 'unsure' ? [] : [{ name, isPresent: presence === 'present' }],
    );
  }

  /** One of the `among` last set about which there is no doubt. */
  youngSure(random: Random, among: number): string | undefined {
    const young = [...this.#presence].slice(-among).filter(([, presence]) => presence !== 'unsure');
    return young.length === 0 ? undefined : random.pick(young)[0];
  }

  /** Up to `count` of the names last set that are certainly there. */
  recentPresent(count: number): string[] {
    const names: string[] = [];
    for (const [name, presence] of [...this.#presence].reverse()) {
      if (names.length === count) break;
      if (presence === 'present') names.push(name);
    }
    return names;
  }
}
