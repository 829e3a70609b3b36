import { randomInt } from 'node:crypto';

/** Each is in every password at least once, and nothing else is: all of it may stand in a URL as it is. */
const CHARACTER_CLASSES = ['ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz', '0123456789', '-_.~'];
const ALL = CHARACTER_CLASSES.join('');

const MIN_LENGTH = 12;
/** Of a workspace's ClickHouse user. */
export const PASSWORD_LENGTH = 64;

/**
 * A password drawn by the operating system's generator.
 * @throws Error for one of fewer than 12 characters
 */
export function generatePassword(length = PASSWORD_LENGTH): string {
  if (length < MIN_LENGTH) throw new Error(`a password has ${MIN_LENGTH} characters at least`);
  const characters = CHARACTER_CLASSES.map(pick);
  while (characters.length < length) characters.push(pick(ALL));
  return shuffled(characters).join('');
}

function pick(characters: string): string {
  return characters.charAt(randomInt(characters.length));
}

/** Fisher-Yates: the places of the first characters must not tell their class. */
function shuffled(characters: readonly string[]): string[] {
  const result = [...characters];
  for (let last = result.length - 1; last > 0; last--) {
    const other = randomInt(last + 1);
    [result[last], result[other]] = [result[other] ?? '', result[last] ?? ''];
  }
  return result;
}
