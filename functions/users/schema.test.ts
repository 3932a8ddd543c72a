// Which addresses are taken: those that a mail can be sent to.
import { describe, expect, it } from 'vitest';
import { signUpBody } from './schema.ts';

function read(email: string) {
  return signUpBody.safeParse({ email, password: 'seven winds over the hill' });
}

describe('an address', () => {
  it.each([
    ['without @', 'ada.example.org'],
    ['with a space', 'ada @example.org'],
    ['with 65 characters before the @', `${'a'.repeat(65)}@example.org`],
    ['with 64 characters between dots', `ada@${'a'.repeat(64)}.org`],
    ['with a label that ends with a dash', 'ada@example-.org'],
    ['with two dots', 'ada..b@example.org'],
    ['that begins with a dot', '.ada@example.org'],
    ['beyond ASCII', 'adä@example.org'],
    ['without a top-level domain', 'ada@localhost'],
    ['of 255 characters', `a@${'b.'.repeat(125)}org`],
  ])('%s is refused', (_what, email) => {
    expect(read(email).success).toBe(false);
  });

  it.each([
    ['Ada@Example.ORG', 'ada@example.org'],
    [`${'a'.repeat(64)}@${'b'.repeat(63)}.org`, `${'a'.repeat(64)}@${'b'.repeat(63)}.org`],
    ["o'brien+shop@mail.example.co", "o'brien+shop@mail.example.co"],
  ])('%s is kept in lower case', (email, kept) => {
    expect(read(email).data?.email).toBe(kept);
  });
});
