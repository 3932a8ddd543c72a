// Which passwords are taken: long enough, known to no list, not made of what anybody knows of the
// user. Pure. No rules of composition: they make passwords worse, not better.
import { reject, type Rejection } from '../domain/rejection.ts';

/** Of characters: code points, after NFC. ASVS 5.0, 6.2.1 and 6.2.9. */
export const PASSWORD_CHARACTERS_MIN = 8;
/** Above the 64 that must be taken; a bound, so that nobody has us hash a book. */
export const PASSWORD_CHARACTERS_MAX = 128;

/** What the exchange is called, and is known by: the first guesses at any password here. */
const EXCHANGE_NAMES = ['bourse'];
/** A shorter part of an address, such as `bob`, is in too many good passwords. */
const ADDRESS_PART_CHARACTERS_MIN = 4;

/** True for a password on the list of those that have been breached. */
export type IsBreached = (password: string) => boolean;

/** One form for all ways to type the same letters. Nothing is cut, no case is changed. */
export function normalizePassword(password: string): string {
  return password.normalize('NFC');
}

/** Half a character is none: two such passwords could be stored as the same bytes. */
export function hasPasswordLength(password: string): boolean {
  const isLongEnough = countCharacters(password) >= PASSWORD_CHARACTERS_MIN;
  return isLongEnough && isNotTooLong(password) && !/\p{Surrogate}/u.test(password);
}

/** Of a password that is only compared: rules of today do not keep out older ones. */
export function isNotTooLong(password: string): boolean {
  return countCharacters(password) <= PASSWORD_CHARACTERS_MAX;
}

function countCharacters(password: string): number {
  return [...normalizePassword(password)].length;
}

/** Null when the password is taken for the user of this address (null: it is not known). */
export function refusePassword(
  password: string,
  email: string | null,
  isBreached: IsBreached,
): Rejection | null {
  const plain = normalizePassword(password);
  if (isBreached(plain) || isBreached(plain.toLowerCase())) return reject('PASSWORD_BREACHED');
  const lower = plain.toLowerCase();
  const known = [...EXCHANGE_NAMES, ...(email === null ? [] : addressParts(email))];
  return known.some((name) => lower.includes(name)) ? reject('PASSWORD_PREDICTABLE') : null;
}

/** Of `ada.lovelace@mail.example.org`: the name as a whole and its words, and the domain's. */
function addressParts(email: string): string[] {
  const at = email.lastIndexOf('@');
  const name = email.slice(0, at).toLowerCase();
  const domain = email.slice(at + 1).toLowerCase();
  const labels = domain.split('.').slice(0, -1);
  return [name, ...name.split(/[._+-]/), ...labels].filter(
    (part) => part.length >= ADDRESS_PART_CHARACTERS_MIN,
  );
}
