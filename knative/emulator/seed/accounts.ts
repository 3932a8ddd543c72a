// The seeded users and what they have. Round amounts, so that a balance is checked by eye.
import { parseUserId, userId, type UserId } from '../../../shared/domain/ids.ts';

export const SEEDED_USERS = { alice: userId(1), bob: userId(2) } as const;

/** Deposits of the seed, in whole units of the asset. */
export const SEEDED_FUNDS: Readonly<Record<keyof typeof SEEDED_USERS, Record<string, string>>> = {
  alice: { USD: '10000000', BTC: '100', ETH: '1000', SOL: '10000' },
  bob: { USD: '10000000', BTC: '100', ETH: '1000', SOL: '10000' },
};

/** A seeded user's name, or any user id; null for anything else. */
export function findUser(text: string): UserId | null {
  if (Object.hasOwn(SEEDED_USERS, text)) return SEEDED_USERS[text as keyof typeof SEEDED_USERS];
  const number = parseUserId(text);
  return number === null ? null : userId(number);
}
